import type { ClientBase } from 'pg';
import { FoldAgain } from '../../reprise-error.ts';

/** A key of a subject, for audits; without the key itself. */
export interface SubjectKey {
  readonly keyId: string;
  readonly createdAt: Date;
  /** When the key was destroyed; null: it exists. */
  readonly forgottenAt: Date | null;
  readonly forgottenBy: string | null;
}

/**
 * Advisory lock. A commit of values that a data key decrypted holds it in shared mode; the
 * destruction of a key holds it in exclusive mode. So no commit uses a key after its destruction.
 */
const LOCK = `hashtext('reprise.forget')`;

/** Returns the current and earlier keys of a subject, oldest first. */
export async function subjectKeys(
  client: Pick<ClientBase, 'query'>,
  subject: string,
): Promise<readonly SubjectKey[]> {
  const { rows } = await client.query<SubjectKey>(
    `select key_id as "keyId", created_at as "createdAt", forgotten_at as "forgottenAt", forgotten_by as "forgottenBy"
     from reprise.data_keys where subject = $1 order by created_at, key_id`,
    [subject],
  );
  return rows;
}

/**
 * Destroys the subject's key in the caller's transaction; its row stays, for audits. Idempotent.
 * @returns true if there was a key
 */
export async function destroyKey(
  client: ClientBase,
  subject: string,
  by: string,
): Promise<boolean> {
  await client.query(`select pg_advisory_xact_lock(${LOCK})`);
  const { rowCount } = await client.query(
    `update reprise.data_keys set wrapped = null, forgotten_at = clock_timestamp(), forgotten_by = $2
     where subject = $1 and forgotten_at is null`,
    [subject, by],
  );
  return rowCount !== 0;
}

/**
 * Refuses to commit values that were decrypted by a key destroyed since. Prevents the destruction
 * of these keys until the transaction ends. @throws FORGOTTEN
 */
export async function assertNotForgotten(
  client: ClientBase,
  keyIds: readonly string[],
): Promise<void> {
  if (keyIds.length === 0) return;
  await client.query(`select pg_advisory_xact_lock_shared(${LOCK})`);
  const { rowCount } = await client.query(
    'select 1 from reprise.data_keys where key_id = any($1) and forgotten_at is not null limit 1',
    [keyIds],
  );
  if (rowCount === 0) return;
  throw new FoldAgain(
    'FORGOTTEN',
    'A subject was forgotten after its values were decrypted and before they were committed: nothing was written, and the records are folded again.',
  );
}
