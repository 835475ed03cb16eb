import type { Pool } from 'pg';
import { isLockTimeout, isPassing } from '../../postgres/classify.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { lockHolders } from '../../readmodel/lock-holders.ts';
import { tableName, viewName } from '../../readmodel/table-name.ts';
import type { ErrorCode } from '../../reprise-error.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';

/** A change of versions that Postgres aborted. */
interface Change {
  readonly code: ErrorCode;
  /** Past participle for the message, such as `activated`. */
  readonly done: string;
  readonly projection: string;
  readonly version: number | null;
  readonly tables: Plan['tables'];
}

/**
 * Explains an error of Postgres in a change of versions: a lock that others hold, or a lost
 * connection. Returns other errors unchanged. In each case nothing was changed.
 */
export async function lostToOthers(pool: Pool, error: unknown, change: Change): Promise<unknown> {
  if (isRepriseError(error) || !isPassing(error)) return error;
  const { code, done, projection, version } = change;
  const holders = await lockHolders(pool, relationsOf(change.tables));
  const isLock = isLockTimeout(error) && holders !== null;
  const why = isLock
    ? `its tables or its view are in use by ${holders}. End that, or wait for it, and try again.`
    : `Postgres ended the transaction: ${(error as Error).message}. Try again.`;
  return new RepriseError(
    code,
    `${projection}${version === null ? '' : ` v${version}`} cannot be ${done}: ${why} Nothing was changed.`,
    { cause: error, retriable: true, facts: { projection, version } },
  );
}

/** Returns the SQL names of a version's tables and of their stable views. */
function relationsOf(tables: Plan['tables']): readonly string[] {
  return tables.flatMap((table) => [tableName(table), viewName(table)]);
}
