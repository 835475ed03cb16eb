import type { Pool } from 'pg';
import { RepriseError } from '../reprise-error.ts';

/** Refuses to run against a standby: what it says may be behind, and it cannot be written. @throws STANDBY */
export async function assertPrimary(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ standby: boolean }>('select pg_is_in_recovery() as standby');
  if (rows[0]?.standby !== true) return;
  throw new RepriseError(
    'STANDBY',
    'The database is a standby in recovery: it may be behind and cannot be written. Point database.url (REPRISE_DATABASE_URL) at the primary.',
  );
}
