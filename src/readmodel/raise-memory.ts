import type { ClientBase } from 'pg';

/** Gives a setting of the server's memory 256 MB for the rest of the transaction; a larger one stays. */
export async function raiseMemory(
  client: ClientBase,
  setting: 'work_mem' | 'maintenance_work_mem',
): Promise<void> {
  await client.query(
    `select set_config($1, '256MB', true)
     where pg_size_bytes(current_setting($1)) < 256 * 1024 * 1024`,
    [setting],
  );
}
