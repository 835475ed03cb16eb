import { RepriseError } from '../../reprise-error.ts';
import type { AppendRecord, EventLog } from '../event-log.ts';
import { partitionFor } from '../partition-for.ts';
import { recordAt } from '../record-at.ts';
import type { RecordBatch } from '../record-batch.ts';

/** Maximum number of records per append. */
const APPEND_MAX = 2_000;

/** Arguments of `repartitionTopic`. */
export interface RepartitionOptions {
  readonly from: string;
  /** A new topic, or one without records. */
  readonly to: string;
  /** Partitions of the new topic. Default: as many as `from` has. */
  readonly partitions?: number;
  readonly signal?: AbortSignal;
  readonly onRecords?: (copied: number, total: number) => void;
}

/** Result of `repartitionTopic`. */
export interface RepartitionReport {
  readonly from: string;
  readonly to: string;
  readonly partitions: number;
  readonly records: number;
  /**
   * Number of records appended to `from` meanwhile. If not 0, somebody writes to it and the copy
   * lacks these records.
   */
  readonly left: number;
}

/**
 * Copies a topic into a new one in which each key is in one partition, by murmur2 as in Kafka's
 * Java client. For topics with added partitions. Keys, values, headers and timestamps are kept;
 * offsets are not. Records are written in the order of their timestamps across partitions (ties by
 * partition), and within a partition in offset order, so that events of a key that moved keep their
 * order. Nobody may write to `from` meanwhile.
 * @throws COPY_REFUSED if `to` has records, PARTITIONS_CHANGED if it has another partition count,
 * UNKNOWN_TOPIC, APPEND_FAILED, LOG_UNAVAILABLE; the signal's reason
 * @example
 * const { left } = await repartitionTopic(log, {
 *   from: 'user-actions',
 *   to: 'user-actions-16',
 *   partitions: 16,
 * });
 */
export async function repartitionTopic(
  log: EventLog,
  options: RepartitionOptions,
): Promise<RepartitionReport> {
  const { from, to, signal, onRecords } = options;
  const source = (await log.describe([from])).get(from)?.partitions ?? [];
  const partitions = options.partitions ?? source.length;
  await refuseSame(log, { from, to, partitions });
  const total = source.reduce(
    (sum, { startOffset, stableEndOffset }) => sum + Number(stableEndOffset - startOffset),
    0,
  );
  const heads = await Promise.all(
    source.map(({ partition, startOffset, stableEndOffset }) =>
      Head.open(
        log,
        { topic: from, partition, offset: startOffset, untilOffset: stableEndOffset },
        signal,
      ),
    ),
  );
  let records = 0;
  try {
    for (let first = earliest(heads); first !== null; first = earliest(heads)) {
      const waiting: AppendRecord[] = [];
      for (; first !== null && waiting.length < APPEND_MAX; first = earliest(heads)) {
        waiting.push(placed(first, { to, partitions, nth: records + waiting.length }));
        await first.next();
      }
      await log.append(waiting);
      records += waiting.length;
      signal?.throwIfAborted();
      onRecords?.(records, total);
    }
    signal?.throwIfAborted();
  } finally {
    await Promise.all(heads.map((head) => head.close()));
  }
  const after = (await log.describe([from])).get(from)?.partitions ?? [];
  const left = after.reduce(
    (sum, { partition, stableEndOffset }) =>
      sum + Number(stableEndOffset - (source[partition]?.stableEndOffset ?? 0n)),
    0,
  );
  return { from, to, partitions, records, left };
}

async function refuseSame(
  log: EventLog,
  { from, to, partitions }: Pick<RepartitionReport, 'from' | 'to' | 'partitions'>,
): Promise<void> {
  if (from === to) throw refused(to, 'it is the topic to be copied. Name a new one.');
  await log.ensureTopics([{ topic: to, partitions }]);
  const target = (await log.describe([to])).get(to)?.partitions ?? [];
  if (target.every(({ stableEndOffset }) => stableEndOffset === 0n)) return;
  throw refused(
    to,
    'it has records already. Delete it, or name another topic; a copy begins at its beginning.',
  );
}

function refused(to: string, why: string): RepriseError {
  return new RepriseError('COPY_REFUSED', `Nothing can be copied to ${to}: ${why}`, {
    facts: { topic: to },
  });
}

/** Returns the next record of a partition, assigned to the partition of its key. */
function placed(
  { batch, index }: Head,
  {
    to,
    partitions,
    nth,
  }: { readonly to: string; readonly partitions: number; readonly nth: number },
): AppendRecord {
  const { key, value, headers, timestampMs } = recordAt(batch as RecordBatch, index);
  return {
    topic: to,
    partition: partitionFor(key, partitions, nth),
    key,
    value,
    timestampMs,
    ...(headers.length > 0 && { headers }),
  };
}

/** Read state of one partition. */
class Head {
  readonly #batches: AsyncIterator<RecordBatch, unknown>;
  batch: RecordBatch | null = null;
  index = 0;

  static async open(
    log: EventLog,
    position: Parameters<EventLog['read']>[0][number] & { readonly untilOffset: bigint },
    signal: AbortSignal | undefined,
  ): Promise<Head> {
    const isEmpty = position.offset >= position.untilOffset;
    const reading = log.read([position], signal ? { signal } : {});
    const head = new Head(isEmpty ? NOTHING : reading[Symbol.asyncIterator]());
    await head.#fill();
    return head;
  }

  private constructor(batches: AsyncIterator<RecordBatch, unknown>) {
    this.#batches = batches;
  }

  /** Timestamp of the next record. Null: the partition is at its end. */
  get timestampMs(): number | null {
    return this.batch === null ? null : (this.batch.timestampsMs[this.index] as number);
  }

  async next(): Promise<void> {
    this.index += 1;
    if (this.batch !== null && this.index >= this.batch.count) await this.#fill();
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }

  async #fill(): Promise<void> {
    this.index = 0;
    do {
      const next = await this.#batches.next();
      this.batch = next.done === true ? null : next.value;
    } while (this.batch !== null && this.batch.count === 0);
  }
}

const NOTHING: AsyncIterator<RecordBatch, unknown> = {
  next: () => Promise.resolve({ done: true, value: undefined }),
};

/** Returns the head with the earliest record; null if all partitions are at their ends. */
function earliest(heads: readonly Head[]): Head | null {
  let found: Head | null = null;
  let foundMs = Number.POSITIVE_INFINITY;
  for (const head of heads) {
    const { timestampMs } = head;
    if (timestampMs === null || (found !== null && timestampMs >= foundMs)) continue;
    found = head;
    foundMs = timestampMs;
  }
  return found;
}
