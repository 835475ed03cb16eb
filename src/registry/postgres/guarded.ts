import { RepriseError } from '../../reprise-error.ts';

/** Runs a piece of work; `doing` says in errors what it was. @throws NOT_MIGRATED, REGISTRY_UNAVAILABLE, and what the work itself refuses */
export async function guarded<Result>(doing: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RepriseError) throw error;
    const { code } = error as { code?: string };
    if (code === '42P01' || code === '3F000' || code === '42703') {
      throw new RepriseError(
        'NOT_MIGRATED',
        `The registry's tables are not in this database, or older than this process (${doing}). Run the migrations: reprise migrate, or setUp().`,
        { cause: error },
      );
    }
    throw new RepriseError(
      'REGISTRY_UNAVAILABLE',
      `The registry kept in Postgres failed (${doing}): ${(error as Error).message}. Check that the database can be reached.`,
      { cause: error, retriable: code === undefined || !/^(22|23|42)/.test(code) },
    );
  }
}
