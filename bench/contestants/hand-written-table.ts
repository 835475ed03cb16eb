import type { ClientBase } from 'pg';

/**
 * Makes the tables of the hand-written loops: the rows, with the primary key their upserts need,
 * and the offsets.
 */
export async function createTables(client: Pick<ClientBase, 'query'>): Promise<void> {
  await client.query(`
    create table payment_metrics (
      user_id text not null, window_start timestamptz not null,
      payments bigint not null, total float8 not null, smallest float8 not null, largest float8 not null,
      primary key (user_id, window_start));
    create table payment_offsets (topic text, partition int, next_offset bigint not null, primary key (topic, partition))`);
}
