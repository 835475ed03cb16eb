import { createBackoff } from '../../concurrency/backoff.ts';
import type { ReadPosition } from '../../log/event-log.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { classify } from '../../postgres/classify.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { upsertRows } from '../../readmodel/upsert-rows.ts';
import { Retrier } from '../dead-letters/retrier.ts';
import { readPublishedUpTo } from '../outbox/read-published-up-to.ts';
import type { Recovery } from '../recovery/recovery.ts';
import { openSession, recordOutcome } from '../session/open-session.ts';
import type { TaskSession } from '../session/task-session.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { topicsOf } from '../settings/topics-of.ts';
import type { Acknowledged, TaskKey } from '../store/task-key.ts';
import { BatchQueue } from './batch-queue.ts';
import { QuietTime } from './quiet-time.ts';
import { ShownWaits } from './shown-waits.ts';

/** How long letters are retried between two flushes. Milliseconds. */
const RETRY_MS = 20;
/**
 * Quiet time after which a task that publishes reports that it has nothing to publish, if its plan
 * sets no `idle`. Milliseconds.
 */
const SILENT_MS = 10_000;

/** A position within the partition of a task. */
type ReadFrom = Pick<ReadPosition, 'offset' | 'after'>;

/**
 * A period without events, and the end of the log after it. It is confirmed once the task has
 * folded up to those offsets.
 */
interface Silence {
  readonly quietMs: number;
  /** True: state waits for event time. False: only readers of what the task publishes wait. */
  readonly isTicking: boolean;
  /**
   * Lower bound of the times of all events still to be published on its topics. Infinity: none will
   * be.
   */
  readonly upToMs: number;
  readonly ends: ReadonlyMap<string, bigint>;
}

/** Counters of live tasks, since the process started. */
export interface TaskCounters {
  recordsFolded: number;
  rowsWritten: number;
  flushes: number;
  lateEvents: number;
  deadLetters: number;
}

/**
 * One task that follows the log. States: *closed* → `open` → *running* (`offer` queues batches,
 * `run` folds and flushes) → `run` ends: it returns after `stop`, otherwise it throws. Batches
 * queued during a flush go into the next one, so flushes grow while the task lags and stay small
 * once it has caught up.
 */
export class LiveTask {
  readonly key: TaskKey;
  readonly #settings: RunnerSettings;
  readonly #plan: Plan;
  readonly #counters: TaskCounters;
  readonly #giveUp = new AbortController();
  readonly #queue = new BatchQueue();
  /** By topic: the position after the last queued batch. */
  readonly #read = new Map<string, ReadFrom>();
  readonly #recovery: Recovery;
  readonly #waits = new ShownWaits((state, reason) => this.#record(state, reason));
  #opened: TaskSession | null = null;
  #hasCommitted = false;
  #stopping = false;
  #failure: Error | null = null;

  constructor(
    settings: RunnerSettings,
    target: {
      readonly key: TaskKey;
      readonly plan: Plan;
      readonly counters: TaskCounters;
      /** Kept when the task is opened again. */
      readonly recovery: Recovery;
    },
  ) {
    this.#settings = settings;
    this.key = target.key;
    this.#plan = target.plan;
    this.#counters = target.counters;
    this.#recovery = target.recovery;
  }

  /**
   * Takes the task, unless a live instance owns it, and loads its state. @throws LEASED, RECREATED,
   * DATA_LOSS, TRUNCATED, UNKNOWN_TOPIC
   */
  async open(): Promise<void> {
    this.#opened = await openSession(this.#settings, this.key, {
      plan: this.#plan,
      mode: 'live',
      onlyUnowned: true,
      recovery: this.#recovery,
      nowMs: Date.now,
      write: upsertRows,
      backoff: createBackoff({ signal: this.#giveUp.signal }),
      onPause: (reason) => this.#onPause(reason),
    });
  }

  get #session(): TaskSession {
    if (this.#opened === null) throw new TypeError('LiveTask used before open()');
    return this.#opened;
  }

  /** Returns the position from which the reader resumes for this task. */
  readFrom(topic: string): ReadFrom {
    const queued = this.#read.get(topic);
    if (queued !== undefined) return queued;
    const { nextOffset = 0n, lastOffset, lastLeaderEpoch } = this.#session.folded(topic) ?? {};
    return readFrom(nextOffset, lastOffset ?? null, lastLeaderEpoch ?? -1);
  }

  /** What Postgres has acknowledged of the task. Null until `open` is done. */
  get acknowledged(): Acknowledged | null {
    const opened = this.#opened;
    return opened === null ? null : { epoch: opened.task.epoch, flushes: opened.flushes };
  }

  /** Returns the committed next offset of a topic. */
  committedOffset(topic: string): bigint {
    return this.#session.storedOffset(topic);
  }

  /** Whether the task has committed anything since `open`. */
  get hasCommitted(): boolean {
    return this.#hasCommitted;
  }

  /** Queues a batch. Waits while the queue is full. */
  async offer(batch: RecordBatch): Promise<void> {
    const nextOffset = BigInt(batch.nextOffset);
    this.#read.set(batch.topic, readFrom(nextOffset, nextOffset - 1n, batch.leaderEpoch));
    await this.#queue.push(batch);
  }

  /**
   * Folds and flushes until stopped. Retries quarantined letters when they are due. When no event
   * comes for the plan's `idle`, advances event time. @throws what ends the task: FENCED,
   * OFFSET_MISMATCH, a defect
   */
  async run(): Promise<void> {
    await this.#fold([]);
    await this.#session.flush();
    const retrier = new Retrier(this.#settings, this.#session, this.#recovery);
    const { idleMs, emissions } = this.#plan;
    const quiet = new QuietTime(idleMs ?? (emissions.length > 0 ? SILENT_MS : null));
    let silence: Silence | null = null;
    while (!this.#stopping) {
      const waitMs = soonest(quiet.untilNextMs(), retrier.untilDueMs());
      silence = await this.#round(quiet, silence, waitMs);
      await this.#retry(retrier);
    }
  }

  /**
   * One round of `run`. A separate function, so that a waiting task keeps no reference to earlier
   * batches. @returns the silence that is not confirmed yet
   */
  async #round(
    quiet: QuietTime,
    before: Silence | null,
    waitMs: number | null,
  ): Promise<Silence | null> {
    let silence = before;
    const batches = await this.#queue.takeAll(waitMs);
    const events = this.#session.fold.eventCount;
    for (const batch of batches) {
      if (this.#stopping) break;
      await this.#fold([batch]);
    }
    if (this.#failure !== null) throw this.#failure;
    // Records that are not events of the projection do not end its silence.
    if (this.#session.fold.eventCount !== events) {
      quiet.end();
      silence = null;
    }
    const quietMs = quiet.passedMs();
    if (quietMs !== null) silence = await this.#silenceOf(quietMs);
    if (silence !== null && this.#hasReached(silence)) {
      await this.#pass(silence);
      silence = null;
    }
    await this.#flush();
    return silence;
  }

  /** Retries due letters for at most `RETRY_MS`: newly arrived batches go first. */
  async #retry(retrier: Retrier): Promise<void> {
    const untilMs = performance.now() + RETRY_MS;
    while (!this.#stopping && performance.now() < untilMs) {
      if (!(await retrier.step())) return;
    }
  }

  /**
   * Ends `run` with an error found elsewhere, for example that the log reports this task's offset
   * as out of range.
   */
  fail(error: Error): void {
    this.#failure = error;
    this.#queue.end();
  }

  /** Ends `run` after the current flush. Queued batches are dropped. */
  stop(): void {
    this.#stopping = true;
    this.#queue.end();
  }

  /** Stops, and also ends waiting for infrastructure: the grace period is over. */
  abort(): void {
    this.stop();
    this.#giveUp.abort(new Error('the runner was stopped'));
  }

  /** Records the outcome of the task, unless another epoch owns it by now. */
  async recordOutcome(state: 'idle' | 'halted', error: unknown): Promise<void> {
    const ended = this.#waits.end();
    // Once handed back, the task has no owner: a write that is still in progress then changes
    // nothing.
    if (state !== 'idle') await ended;
    await this.#record(state, error);
  }

  /**
   * Shows in the state of the task that the log is unavailable (the reason) or available (null).
   * May be called repeatedly.
   */
  logIsAway(reason: Error | null): void {
    this.#waits.set('log', reason);
  }

  async #record(state: 'idle' | 'halted' | 'paused' | 'running', error: unknown): Promise<boolean> {
    if (this.#opened === null) return false;
    return recordOutcome(this.#settings, this.#opened.task, state, error);
  }

  async #fold(batches: readonly RecordBatch[]): Promise<void> {
    const late = this.#session.fold.lateCount;
    await this.#session.foldBatches(batches, () => this.#flush());
    this.#counters.lateEvents += this.#session.fold.lateCount - late;
    for (const { count } of batches) this.#counters.recordsFolded += count;
  }

  /**
   * Returns a silence that must still be confirmed. Null: nothing waits for it, or the log is
   * unavailable, which does not count as silence.
   */
  async #silenceOf(quietMs: number): Promise<Silence | null> {
    const { fold, isSilent } = this.#session;
    const { idleMs, emissions } = this.#plan;
    const isTicking = idleMs !== null && fold.stateSize > 0;
    if (!isTicking && (isSilent || emissions.length === 0)) return null;
    const upToMs = await this.#publishedUpTo();
    if (upToMs === null) return null;
    const topics = topicsOf(this.#plan);
    const described = await this.#settings.log.describe(topics).catch(() => null);
    const ends = new Map<string, bigint>();
    for (const topic of topics) {
      const end = described?.get(topic)?.partitions[this.key.partition]?.stableEndOffset;
      if (end === undefined) return null;
      ends.set(topic, end);
    }
    return { quietMs, isTicking, upToMs, ends };
  }

  /**
   * Returns the time up to which everything that others publish on the task's topics is in the log.
   * Infinity: nothing will be published. Null: Postgres cannot answer now. Must be read before the
   * log's end offsets.
   */
  async #publishedUpTo(): Promise<number | null> {
    try {
      const each = await Promise.all(
        topicsOf(this.#plan).map((topic) => readPublishedUpTo(this.#settings, topic)),
      );
      return Math.min(...each.map((upToMs) => upToMs ?? Number.POSITIVE_INFINITY));
    } catch (error) {
      if (classify(error) === 'defect') throw error;
      return null;
    }
  }

  /**
   * Advances event time, up to the earliest event that may still be published. If nothing waits for
   * event time, records that the task will publish nothing.
   */
  async #pass({ quietMs, isTicking, upToMs }: Silence): Promise<void> {
    if (isTicking) this.#session.tick(quietMs, upToMs);
    else if (upToMs === Number.POSITIVE_INFINITY) await this.#session.publishesNothing();
  }

  /** Whether everything that the log held at that time is folded, and none of it was an event. */
  #hasReached({ ends }: Silence): boolean {
    const session = this.#session;
    return session.isDrained && [...ends].every(([topic, end]) => session.nextOffset(topic) >= end);
  }

  async #flush(): Promise<void> {
    const report = await this.#session.flush();
    if (report.emissions > 0) this.#settings.onEmissions?.();
    this.#counters.rowsWritten += report.rows;
    this.#counters.deadLetters += report.deadLetters;
    this.#counters.flushes += 1;
    this.#hasCommitted = true;
  }

  #onPause(reason: Error | null): void {
    const { logger } = this.#settings;
    const facts = {
      projection: this.#plan.name,
      version: this.#plan.version,
      partition: this.key.partition,
    };
    if (reason === null) logger.info(facts, 'task continues');
    else
      logger.warn(
        { ...facts, reason: reason.message },
        'infrastructure is unavailable; the task waits and retries',
      );
    // If Postgres itself is unavailable, the state cannot be written either; then only the log line
    // above tells.
    this.#waits.set('work', reason);
  }
}

function soonest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/** `leaderEpoch`: epoch of the leader that wrote `lastOffset`; -1: the log has none. */
function readFrom(offset: bigint, lastOffset: bigint | null, leaderEpoch: number): ReadFrom {
  if (lastOffset === null || leaderEpoch < 0) return { offset };
  return { offset, after: { offset: lastOffset, leaderEpoch } };
}
