import type { Pool } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { isMissingTable, isPassing, isServerAnswer } from '../../postgres/classify.ts';
import { RepriseError } from '../../reprise-error.ts';
import type { ReadOptions, ReadPosition } from '../event-log.ts';
import type { RecordBatch } from '../record-batch.ts';
import { logError, unknownTopic } from './log-error.ts';
import { fetchSql, parseCopy } from './parse-copy.ts';
import { readTopics, recordTable, type StoredTopic } from './stored-topic.ts';
import type { WakeUps } from './wake-ups.ts';

const RECORDS_MAX = 10_000;
const BACKOFF_FIRST_MS = 50;
const BACKOFF_LAST_MS = 5_000;

interface Cursor {
  readonly topic: string;
  readonly partition: number;
  readonly until: number;
  next: number;
  /**
   * Number of the topic when it was first seen; another number is another topic of the same name.
   */
  topicNumber: number | null;
}

/** Dependencies of a read. */
export interface ReadContext {
  readonly pool: Pool;
  readonly wakeUps: WakeUps;
  /** Aborted when the consumer leaves, the caller's signal aborts, or the log closes. */
  readonly signal: AbortSignal;
}

/**
 * Reads as the port says, prefetching the next batch while the consumer processes the current one.
 */
export async function* readRecords(
  context: ReadContext,
  positions: readonly ReadPosition[],
  options: ReadOptions,
): AsyncGenerator<RecordBatch, void, undefined> {
  const batches = fetches(context, positions.map(cursorOf), options);
  let prefetched = batches.next();
  try {
    for (;;) {
      const current = await prefetched;
      if (current.done === true) return;
      prefetched = batches.next();
      // Reported when it is awaited; a consumer that stops first does not need it.
      prefetched.catch(() => undefined);
      if (context.signal.aborted) return;
      yield current.value;
    }
  } finally {
    await prefetched.catch(() => undefined);
  }
}

/**
 * Repeats: look up all end offsets, then fetch a chunk of each partition that has records, so that
 * no partition waits for another's backlog.
 */
async function* fetches(
  context: ReadContext,
  cursors: readonly Cursor[],
  options: ReadOptions,
): AsyncGenerator<RecordBatch, void, undefined> {
  let backoffMs = BACKOFF_FIRST_MS;
  context.wakeUps.listen();
  for (;;) {
    const open = cursors.filter(({ next, until }) => next < until);
    if (open.length === 0 || context.signal.aborted) return;
    const heard = context.wakeUps.heard;
    let found = false;
    try {
      const topics = await readTopics(context.pool, [...new Set(open.map(({ topic }) => topic))]);
      for (const cursor of open) {
        if (context.signal.aborted) return;
        const batch = await fetchNext(context, cursor, topics.get(cursor.topic), options);
        if (batch === null) continue;
        found = true;
        cursor.next = batch.nextOffset;
        yield batch;
      }
      backoffMs = BACKOFF_FIRST_MS;
    } catch (error) {
      if (!isPassing(error)) throw logError(error, 'reading');
      if (context.signal.aborted) return;
      await context.wakeUps.waitBeyond(context.wakeUps.heard, backoffMs, context.signal);
      backoffMs = Math.min(backoffMs * 2, BACKOFF_LAST_MS);
      continue;
    }
    if (!found) await context.wakeUps.waitBeyond(heard, options.maxWaitMs ?? 500, context.signal);
  }
}

/** Fetches the next chunk of a partition; null if there is nothing new. */
async function fetchNext(
  context: ReadContext,
  cursor: Cursor,
  topic: StoredTopic | undefined,
  options: ReadOptions,
): Promise<RecordBatch | null> {
  const description = topic?.partitions[cursor.partition];
  if (topic === undefined || description === undefined) {
    throw unknownTopic(topic === undefined ? cursor.topic : `${cursor.topic}[${cursor.partition}]`);
  }
  cursor.topicNumber ??= topic.number;
  if (cursor.topicNumber !== topic.number) {
    throw unknownTopic(
      cursor.topic,
      ' any more: it was deleted and created again while it was read',
    );
  }
  const start = Number(description.startOffset);
  const end = Number(description.stableEndOffset);
  if (cursor.next < start || cursor.next > end) throw outOfRange(cursor, start, end);
  if (cursor.next === end) return null;
  const sql = fetchSql({
    table: recordTable(topic.number),
    partition: cursor.partition,
    from: cursor.next,
    until: Math.min(end, cursor.until),
    recordsMax: RECORDS_MAX,
    bytesMax: options.partitionBytesMax ?? 1024 * 1024,
  });
  const batch = parseCopy(
    await copy(context.pool, sql).catch((error: unknown) => {
      // Its table was dropped after its offsets were read: the next look-up tells whether the topic
      // was.
      if (isMissingTable(error)) throw unknownTopic(cursor.topic);
      throw error;
    }),
    {
      topic: cursor.topic,
      partition: cursor.partition,
      firstOffset: cursor.next,
      leaderEpoch: -1,
      stableEndOffset: end,
      appendTime: false,
    },
  );
  // Offsets have no gaps here, so a gap means that the start moved during the statement: look
  // again, which then throws OFFSET_OUT_OF_RANGE.
  return batch.count > 0 && batch.offsets[0] === cursor.next ? batch : null;
}

async function copy(pool: Pool, sql: string): Promise<Buffer> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of client.query(copyTo(sql))) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch (error) {
    if (!isServerAnswer(error)) broken = error as Error;
    throw error;
  } finally {
    client.release(broken);
  }
}

function cursorOf({ topic, partition, offset, untilOffset }: ReadPosition): Cursor {
  const until = untilOffset === undefined ? Number.POSITIVE_INFINITY : Number(untilOffset);
  return { topic, partition, until, next: Number(offset), topicNumber: null };
}

function outOfRange({ topic, partition, next }: Cursor, start: number, end: number): RepriseError {
  return new RepriseError(
    'OFFSET_OUT_OF_RANGE',
    `${topic}[${partition}]@${next} is not in the log, which has [${start}, ${end}). ` +
      (next < start
        ? 'The records were deleted: rebuild the projection from what is left, or restore the log.'
        : 'The log ends before this position: it was restored to an earlier state or made anew.'),
    {
      facts: {
        topic,
        partition,
        offset: BigInt(next),
        startOffset: BigInt(start),
        endOffset: BigInt(end),
      },
    },
  );
}
