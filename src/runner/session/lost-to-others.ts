import type { Pool } from 'pg';
import { isLockTimeout, isPassing } from '../../postgres/classify.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { lockHolders } from '../../readmodel/lock-holders.ts';
import { tableName, viewName } from '../../readmodel/table-name.ts';
import type { ErrorCode } from '../../reprise-error.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';

/** A change of a version that Postgres ended. */
interface Change {
  readonly code: ErrorCode;
  /** `activated`: for the message. */
  readonly done: string;
  readonly projection: string;
  readonly version: number | null;
  readonly tables: Plan['tables'];
}

/**
 * Explains an error of Postgres in a change of versions: a lock that others hold, or a lost
 * connection. The error itself where it is neither. Nothing was changed.
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

/** The tables of a version, and the stable views in front of them, as SQL names them. */
function relationsOf(tables: Plan['tables']): readonly string[] {
  return tables.flatMap((table) => [tableName(table), viewName(table)]);
}
