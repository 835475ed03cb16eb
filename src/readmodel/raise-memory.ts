import type { ClientBase } from 'pg';

/** Raises `work_mem` to 256 MB for the rest of the transaction; keeps a larger setting. */
export async function raiseMemory(client: ClientBase): Promise<void> {
  await client.query(
    `select set_config('work_mem', '256MB', true)
     where pg_size_bytes(current_setting('work_mem')) < 256 * 1024 * 1024`,
  );
}
