import { isMissing, isPassing } from '../../postgres/classify.ts';
import { RepriseError } from '../../reprise-error.ts';

/**
 * Runs `work` and converts its errors; `doing` describes the work in messages. @throws
 * NOT_MIGRATED, REGISTRY_UNAVAILABLE, DATABASE_FAILED, and errors of the work itself
 */
export async function guarded<Result>(doing: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RepriseError) throw error;
    if (isMissing(error)) {
      throw new RepriseError(
        'NOT_MIGRATED',
        `The registry's tables are not in this database, or older than this process (${doing}). Run the migrations: reprise migrate, or setUp().`,
        { cause: error },
      );
    }
    const passing = isPassing(error);
    throw new RepriseError(
      passing ? 'REGISTRY_UNAVAILABLE' : 'DATABASE_FAILED',
      `The registry kept in Postgres failed (${doing}): ${(error as Error).message}.${passing ? ' Check that the database can be reached; trying again may help.' : ''}`,
      { cause: error, retriable: passing },
    );
  }
}
