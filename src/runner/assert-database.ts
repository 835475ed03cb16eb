import type { Pool } from 'pg';
import { RepriseError } from '../reprise-error.ts';

/** Refuses a database that the runner must not or cannot work on: a standby, or one without the framework's tables. @throws STANDBY, NOT_MIGRATED */
export async function assertDatabase(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ standby: boolean; tasks: string | null }>(
    "select pg_is_in_recovery() as standby, to_regclass('reprise.dead_letters')::text as tasks",
  );
  if (rows[0]?.standby === true) {
    throw new RepriseError(
      'STANDBY',
      'The database is a standby in recovery: it may be behind and cannot be written. Point database.url (REPRISE_DATABASE_URL) at the primary.',
    );
  }
  if (rows[0]?.tasks === null) {
    throw new RepriseError(
      'NOT_MIGRATED',
      "The database lacks reprise's own tables. Run: reprise migrate",
    );
  }
}
