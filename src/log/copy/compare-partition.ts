import { joinSignals } from '../../concurrency/join-signals.ts';
import type { EventLog } from '../event-log.ts';
import type { RecordBatch } from '../record-batch.ts';
import { encodedHeaders, type PartitionDigest } from './partition-digest.ts';

/** A range of one partition, in two logs. */
export interface ComparedRange {
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: bigint;
  readonly untilOffset: bigint;
}

/** Options of `comparePartition`. */
export interface CompareOptions {
  /** Digest to which equal records are added. */
  readonly digest: PartitionDigest;
  readonly signal: AbortSignal;
  readonly onRecords: (records: number) => void;
}

/** The first position at which two logs differ. */
export interface LogDifference {
  readonly offset: bigint;
  /** Description of the difference, for people. */
  readonly what: string;
}

/**
 * Reads the same range of two logs side by side and compares every record byte for byte: offset,
 * timestamp, key, value, headers. @returns the first difference, or null
 * @throws errors of reading
 */
export async function comparePartition(
  source: EventLog,
  target: EventLog,
  range: ComparedRange,
  options: CompareOptions,
): Promise<LogDifference | null> {
  const { topic, partition, fromOffset: offset, untilOffset } = range;
  const leaving = new AbortController();
  const { signal, release } = joinSignals([options.signal, leaving.signal]);
  const position = { topic, partition, offset, untilOffset };
  const left = new Cursor(source.read([position], { signal }));
  const right = new Cursor(target.read([position], { signal }));
  try {
    for (;;) {
      const [more, moreToo] = await Promise.all([left.fill(), right.fill()]);
      options.signal.throwIfAborted();
      if (!more && !moreToo) return null;
      const compared = compareHeads(left, right, options.digest);
      options.onRecords(compared.records);
      if (compared.difference !== null) return compared.difference;
    }
  } finally {
    leaving.abort();
    await Promise.all([left.close(), right.close()]);
    release();
  }
}

/** Compares records until one side needs its next batch. */
function compareHeads(
  left: Cursor,
  right: Cursor,
  digest: PartitionDigest,
): { readonly records: number; readonly difference: LogDifference | null } {
  let records = 0;
  for (;;) {
    const [ours, theirs] = [left.batch, right.batch];
    if (ours === null || theirs === null) {
      const rest = ours === null ? right : left;
      const what = `only the ${ours === null ? 'target' : 'source'} has this record`;
      const isOver = rest.batch === null || !(ours === null ? left : right).isDone;
      return { records, difference: isOver ? null : { offset: rest.offset, what } };
    }
    const what = differenceOf(ours, left.index, theirs, right.index);
    if (what !== null) {
      const offset = left.offset < right.offset ? left.offset : right.offset;
      return { records, difference: { offset, what } };
    }
    digest.add(ours, left.index);
    records += 1;
    left.step();
    right.step();
  }
}

function differenceOf(a: RecordBatch, i: number, b: RecordBatch, j: number): string | null {
  if (a.offsets[i] !== b.offsets[j]) return 'one of the logs has no record there';
  if (a.timestampsMs[i] !== b.timestampsMs[j]) {
    return `its timestamp is ${a.timestampsMs[i]} in the source, ${b.timestampsMs[j]} in the target`;
  }
  if (!sameBytes(a, [a.keyStart[i], a.keyEnd[i]], b, [b.keyStart[j], b.keyEnd[j]])) {
    return 'its keys differ';
  }
  if (!sameBytes(a, [a.valueStart[i], a.valueEnd[i]], b, [b.valueStart[j], b.valueEnd[j]])) {
    return 'its values differ';
  }
  return encodedHeaders(a, i).equals(encodedHeaders(b, j)) ? null : 'its headers differ';
}

type Span = readonly [start: number | undefined, end: number | undefined];

/** Compares two spans. A start below 0 is null, which equals only null. */
function sameBytes(a: RecordBatch, [from, to]: Span, b: RecordBatch, [start, end]: Span): boolean {
  const isNull = (from ?? -1) < 0;
  if (isNull || (start ?? -1) < 0) return isNull && (start ?? -1) < 0;
  return a.bytes.compare(b.bytes, start, end, from, to) === 0;
}

/** Cursor at the next record of a stream of batches. */
class Cursor {
  readonly #batches: AsyncIterator<RecordBatch>;
  #batch: RecordBatch | null = null;
  index = 0;
  isDone = false;

  constructor(batches: AsyncIterable<RecordBatch>) {
    this.#batches = batches[Symbol.asyncIterator]();
  }

  /**
   * The batch that holds the next record, at `index`. Null: the next batch must be read, or the
   * stream has ended.
   */
  get batch(): RecordBatch | null {
    return this.#batch;
  }

  get offset(): bigint {
    return BigInt(this.#batch?.offsets[this.index] ?? -1);
  }

  step(): void {
    this.index += 1;
    if (this.#batch !== null && this.index >= this.#batch.count) this.#batch = null;
  }

  /** Reads batches until there is a record. @returns false at the end */
  async fill(): Promise<boolean> {
    while (this.#batch === null && !this.isDone) {
      const next = await this.#batches.next();
      if (next.done === true) this.isDone = true;
      else if (next.value.count > 0) {
        this.#batch = next.value;
        this.index = 0;
      }
    }
    return this.#batch !== null;
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}
