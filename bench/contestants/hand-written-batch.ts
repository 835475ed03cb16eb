import type { EachBatchPayload } from 'kafkajs';
import pg from 'pg';
import { consume } from './consume.ts';
import type { Measurement, TableTask } from './contestant.ts';
import { rssMaxBytes } from './contestant.ts';
import type { PaymentRow } from './fold-payments.ts';
import { foldPayments } from './fold-payments.ts';
import { createTables } from './hand-written-table.ts';
import { decodePayment } from './payment-codec.ts';

const UPSERT = `
  insert into payment_metrics as stored
  select * from unnest($1::text[], $2::timestamptz[], $3::bigint[], $4::float8[], $5::float8[], $6::float8[])
  on conflict (user_id, window_start) do update set
    payments = stored.payments + excluded.payments, total = stored.total + excluded.total,
    smallest = least(stored.smallest, excluded.smallest), largest = greatest(stored.largest, excluded.largest)`;
const ADVANCE = `
  insert into payment_offsets values ($1, $2, $3)
  on conflict (topic, partition) do update set next_offset = excluded.next_offset`;

/**
 * The good hand-written loop: kafkajs eachBatch, avsc, a Map per batch, one unnest upsert and the
 * offset in one transaction; four partitions at a time, each with a connection of its own. Stops
 * after `events`.
 */
export async function handWrittenBatch(task: TableTask): Promise<Measurement> {
  const pool = new pg.Pool({ connectionString: task.databaseUrl, max: 4 });
  await createTables(pool as never);
  let seen = 0;
  const seconds = await consume(task, (finished) => ({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      if (seen >= task.events) return;
      await write(pool, batch, fold(batch));
      seen += batch.messages.length;
      if (seen >= task.events) finished();
    },
  }));
  await pool.end();
  return { events: seen, seconds, rssMaxBytes: rssMaxBytes() };
}

function fold({ messages }: EachBatchPayload['batch']): Map<string, PaymentRow> {
  const rows = new Map<string, PaymentRow>();
  foldPayments(rows, messages.length, (i) => decodePayment(messages[i]?.value ?? null));
  return rows;
}

async function write(
  pool: pg.Pool,
  batch: EachBatchPayload['batch'],
  folded: Map<string, PaymentRow>,
): Promise<void> {
  const rows = [...folded.values()];
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(UPSERT, [
      rows.map((row) => row.userId),
      rows.map((row) => new Date(row.windowStartMs).toISOString()),
      rows.map((row) => row.payments),
      rows.map((row) => row.total),
      rows.map((row) => row.smallest),
      rows.map((row) => row.largest),
    ]);
    await client.query(ADVANCE, [
      batch.topic,
      batch.partition,
      (BigInt(batch.lastOffset()) + 1n).toString(),
    ]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}
