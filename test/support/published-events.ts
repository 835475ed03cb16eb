import type { EventLog } from '../../src/log/event-log.ts';
import { headersAt } from '../../src/log/record-at.ts';
import type { RecordBatch } from '../../src/log/record-batch.ts';
import { splitBatch } from '../../src/log/slice-batch.ts';
import type { Second } from './stage-events.ts';

/** What was published, as the second stage counts it: each once, where it lies first. */
export interface Published extends Second {
  readonly id: string;
  readonly partition: number;
  readonly offset: number;
}

/** The record at a place of a batch, as it was published. */
export function publishedOf(batch: RecordBatch, i: number): Published {
  const text = batch.bytes.toString('utf8', batch.valueStart[i], batch.valueEnd[i]);
  const value = JSON.parse(text) as Omit<Second, 'at'> & { readonly at: string };
  const id =
    headersAt(batch, i)
      .find(({ key }) => key === 'reprise-id')
      ?.value?.toString() ?? '';
  const offset = batch.offsets[i] as number;
  return { ...value, at: new Date(value.at), id, partition: batch.partition, offset };
}

/** The records `[from, until)` of a partition, which must be there. */
export async function readBatches(
  log: EventLog,
  of: {
    readonly topic: string;
    readonly partition: number;
    readonly from: number;
    readonly until: number;
  },
): Promise<RecordBatch[]> {
  const { topic, partition, from, until } = of;
  const batches: RecordBatch[] = [];
  const position = { topic, partition, offset: BigInt(from), untilOffset: BigInt(until) };
  for await (const batch of log.read([position])) {
    batches.push(batch.nextOffset > until ? splitBatch(batch, until)[0] : batch);
  }
  return batches;
}
