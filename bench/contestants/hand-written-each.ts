import pg from 'pg';
import { consume } from './consume.ts';
import type { Measurement, TableTask } from './contestant.ts';
import { rssMaxBytes } from './contestant.ts';
import { createTables } from './hand-written-table.ts';
import { decodePayment } from './payment-codec.ts';

const UPSERT = {
  name: 'upsert',
  text: `
    insert into payment_metrics as stored values ($1, $2, 1, $3, $3, $3)
    on conflict (user_id, window_start) do update set
      payments = stored.payments + 1, total = stored.total + excluded.total,
      smallest = least(stored.smallest, excluded.smallest), largest = greatest(stored.largest, excluded.largest)`,
};

/**
 * The first loop everybody writes: kafkajs eachMessage, avsc, one prepared upsert per event; four
 * partitions at a time. Stops after `events`.
 */
export async function handWrittenEach(task: TableTask): Promise<Measurement> {
  const pool = new pg.Pool({ connectionString: task.databaseUrl, max: 4 });
  await createTables(pool as never);
  let begun = 0;
  let done = 0;
  const seconds = await consume(task, (finished) => ({
    eachMessage: async ({ message }) => {
      if (begun >= task.events) return;
      begun += 1;
      const { userId, amount, occurredAt } = decodePayment(message.value);
      const windowStart = new Date(occurredAt - (occurredAt % 60_000));
      await pool.query({ ...UPSERT, values: [userId, windowStart, amount] });
      done += 1;
      if (done === task.events) finished();
    },
  }));
  await pool.end();
  return { events: done, seconds, rssMaxBytes: rssMaxBytes() };
}
