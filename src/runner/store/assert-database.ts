import type { Pool } from 'pg';
import { RepriseError } from '../../reprise-error.ts';

/**
 * Refuses a database that the runner cannot use: a standby (the pool refuses it), or one without
 * the framework's tables. @throws STANDBY, NOT_MIGRATED
 */
export async function assertDatabase(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ tasks: string | null }>(
    "select to_regclass('reprise.dead_letters')::text as tasks",
  );
  if (rows[0]?.tasks === null) {
    throw new RepriseError(
      'NOT_MIGRATED',
      "The database lacks reprise's own tables. Run: reprise migrate",
    );
  }
}
