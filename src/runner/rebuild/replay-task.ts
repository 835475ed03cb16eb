import { setTimeout as delay } from 'node:timers/promises';
import { createBackoff } from '../../concurrency/backoff.ts';
import { joinSignals } from '../../concurrency/join-signals.ts';
import type { EventLog } from '../../log/event-log.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { splitBatch } from '../../log/slice-batch.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { copyRows } from '../../readmodel/copy-rows.ts';
import { upsertRows } from '../../readmodel/upsert-rows.ts';
import { FoldAgain } from '../../reprise-error.ts';
import { Retrier } from '../dead-letters/retrier.ts';
import type { Recovery } from '../recovery/recovery.ts';
import { createRecovery } from '../recovery/recovery.ts';
import { openSession, recordOutcome } from '../session/open-session.ts';
import type { RowShare } from '../session/share-rows.ts';
import { shareRows } from '../session/share-rows.ts';
import type { TaskSession } from '../session/task-session.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { topicsOf } from '../settings/topics-of.ts';
import type { TaskKey } from '../store/task-key.ts';
import { FoldMutex } from './fold-mutex.ts';
import { prefetch } from './prefetch.ts';

/**
 * Default limit of rows that a replay holds in memory before it appends them as partial rows. It
 * bounds memory by the key space, not by the log. With one more batch it stays below 2^19: arrays
 * grow by doubling.
 */
export const ROWS_IN_MEMORY_MAX = 480_000;

/** Options of a replay: what to replay, and up to where. */
export interface ReplayOptions {
  readonly plan: Plan;
  /** Where to stop, by topic: the stable end offsets captured when the rebuild began. */
  readonly untilOffsets: ReadonlyMap<string, bigint>;
  /**
   * Stop before the first record of a topic whose timestamp is this or later, in milliseconds.
   * Default: only `untilOffsets` stops the replay.
   */
  readonly untilTimestampMs?: number;
  readonly acceptDataLoss: boolean;
  readonly signal: AbortSignal;
  readonly onRecords: (records: number) => void;
  /**
   * Dead letters of the run that is repeated, as `recordId` names them; used by `verify`. Default:
   * the error policy decides about every failure.
   */
  readonly repeats?: readonly string[];
  /** Reads the log, possibly shared with other readers. Default: a separate read. */
  readonly read?: EventLog['read'];
  /** Shared with the other tasks that this thread replays. Default: a new mutex. */
  readonly mutex?: FoldMutex;
  /** Share of the rows that may be in memory. Default: 480,000 rows for this task alone. */
  readonly rows?: RowShare | undefined;
}

/**
 * Replays one partition into a version that is being built. Partial rows are appended by COPY, with
 * the checkpoint in the same transaction, so a rebuild that was killed resumes from the last flush.
 * @throws what reading, folding or writing throws; the signal's reason when aborted
 */
export async function replayTask(
  settings: RunnerSettings,
  key: TaskKey,
  options: ReplayOptions,
): Promise<void> {
  const recovery = createRecovery(settings, options.plan, 'rebuild');
  for (;;) {
    try {
      return await replayOnce(settings, key, { ...options, recovery });
    } catch (error) {
      // FoldAgain: resume from the committed rows. The caller handles all other errors.
      if (!(error instanceof FoldAgain)) throw error;
    }
  }
}

function aloneWith(rowsMax: number): RowShare {
  return shareRows(rowsMax, 1)[0] as RowShare;
}

/**
 * Opens the task, and folds under the mutex once its first batch has arrived. The next task folds
 * while the last rows are written.
 */
async function replayOnce(
  settings: RunnerSettings,
  key: TaskKey,
  options: ReplayOptions & { readonly recovery: Recovery },
): Promise<void> {
  const { mutex = new FoldMutex() } = options;
  const session = await openReplay(settings, key, options);
  const flush = async () => {
    await session.flush();
  };
  const reading = new AbortController();
  const { signal, release } = joinSignals([options.signal, reading.signal]);
  const wanted = readUntil(settings, session, { ...options, signal });
  const batches = prefetch(wanted as AsyncIterable<RecordBatch, void>);
  await batches.begun;
  await mutex.acquire();
  let lastFlush: Promise<void>;
  try {
    const flushMeanwhile = () => mutex.releaseDuring(flush);
    await session.foldBatches([], flushMeanwhile);
    for await (const batch of releasingWhileLate(batches, mutex)) {
      await session.foldBatches([batch], flushMeanwhile);
      options.onRecords(batch.nextOffset - batch.firstOffset);
    }
    signal.throwIfAborted();
    lastFlush = flush();
  } finally {
    mutex.release();
    reading.abort();
    release();
  }
  await lastFlush;
  await retryQuarantined(settings, session, options);
  await recordOutcome(settings, session.task, 'idle', null);
}

/**
 * Retries the letters that the replay quarantined under a policy with retries, until none is left.
 */
async function retryQuarantined(
  settings: RunnerSettings,
  session: TaskSession,
  { recovery, signal }: Pick<ReplayOptions, 'signal'> & { readonly recovery: Recovery },
): Promise<void> {
  const retrier = new Retrier(settings, session, recovery);
  for (let ms = retrier.untilDueMs(); ms !== null; ms = retrier.untilDueMs()) {
    if (ms > 0) await delay(ms, undefined, { signal });
    signal.throwIfAborted();
    await retrier.step();
  }
}

function openReplay(
  settings: RunnerSettings,
  key: TaskKey,
  options: ReplayOptions & { readonly recovery: Recovery },
): Promise<TaskSession> {
  const { plan, signal } = options;
  return openSession(settings, key, {
    plan,
    mode: plan.rebuild,
    write: plan.rebuild === 'partial' ? copyRows : upsertRows,
    append: copyRows,
    backoff: createBackoff({ signal }),
    onPause: (reason) => {
      if (reason !== null)
        settings.logger.warn(
          { reason: reason.message },
          'infrastructure is unavailable; the rebuild waits and retries',
        );
    },
    acceptDataLoss: options.acceptDataLoss,
    recovery: options.recovery,
    ...(options.repeats && { repeats: options.repeats }),
    ...(plan.rebuild === 'partial' && { rows: options.rows ?? aloneWith(ROWS_IN_MEMORY_MAX) }),
  });
}

/** Reads from the position of the session to the end offsets, or until the signal aborts. */
function readUntil(
  { log }: Pick<RunnerSettings, 'log'>,
  session: TaskSession,
  options: ReplayOptions,
): AsyncIterable<RecordBatch> {
  const { plan, signal, untilOffsets, read = (...which) => log.read(...which) } = options;
  const positions = positionsUntil(session, plan, untilOffsets);
  if (positions.length === 0) return nothing();
  // With several topics, batches wait for those of other topics. A repetition keeps records that
  // are folded later.
  const reusesMemory = topicsOf(plan).length === 1 && options.repeats === undefined;
  const reading = read(positions, { signal, reusesMemory });
  const { untilTimestampMs } = options;
  // Each additional generator costs as much per batch as finding its records.
  return untilTimestampMs === undefined
    ? reading
    : upTo(reading, positions.length, untilTimestampMs);
}

async function* nothing(): AsyncGenerator<never, void> {}

function positionsUntil(session: TaskSession, plan: Plan, until: ReadonlyMap<string, bigint>) {
  const { partition } = session.task;
  return topicsOf(plan).flatMap((topic) => {
    const [offset, untilOffset] = [session.nextOffset(topic), until.get(topic) ?? 0n];
    return offset < untilOffset ? [{ topic, partition, offset, untilOffset }] : [];
  });
}

/** Yields the items. Releases the mutex while the next item takes long to arrive. */
async function* releasingWhileLate<Item>(
  iterator: AsyncIterator<Item, void>,
  mutex: FoldMutex,
): AsyncIterable<Item> {
  try {
    for (;;) {
      const next = await mutex.releaseUnlessSoon(iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Yields the batches of some topics, each topic up to its first record at or after a time. */
async function* upTo(
  batches: AsyncIterable<RecordBatch>,
  topics: number,
  untilTimestampMs: number,
): AsyncIterable<RecordBatch> {
  const ended = new Set<string>();
  for await (const batch of batches) {
    if (ended.has(batch.topic)) continue;
    const times = batch.timestampsMs.subarray(0, batch.count);
    const at = times.findIndex((timestampMs) => timestampMs >= untilTimestampMs);
    if (at < 0) yield batch;
    else {
      ended.add(batch.topic);
      yield splitBatch(batch, batch.offsets[at] as number)[0];
      if (ended.size === topics) return;
    }
  }
}
