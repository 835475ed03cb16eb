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

/** How long letters are folded again between two flushes. Milliseconds. */
const RETRY_MS = 20;
/**
 * Silence after which a task that publishes says that it has nothing to publish, where its plan
 * names no `idle`.
 */
const SILENT_MS = 10_000;

/** A position within the partition of a task. */
type ReadFrom = Pick<ReadPosition, 'offset' | 'after'>;

/**
 * A stretch of wall clock without an event, and where the log ended at its end. It is proved once
 * the task has folded up to there.
 */
interface Silence {
  readonly quietMs: number;
  /** Something waits for time to pass; else only those who read what the task publishes. */
  readonly isTicking: boolean;
  /**
   * What others publish on its topics later is of this time or later; infinity: nothing is to come.
   */
  readonly upToMs: number;
  readonly ends: ReadonlyMap<string, bigint>;
}

/** What a live task counts, since the process started. */
export interface TaskCounters {
  recordsFolded: number;
  rowsWritten: number;
  flushes: number;
  lateEvents: number;
  deadLetters: number;
}

/**
 * One task following the log. States: *closed* → `open` → *running* (`offer` feeds it, `run` folds
 * and flushes) → `run` ends: quietly after `stop`, by throwing otherwise. What is queued while a
 * flush is under way goes into the next one, so batches grow when it falls behind and stay small
 * when it is caught up.
 */
export class LiveTask {
  readonly key: TaskKey;
  readonly #settings: RunnerSettings;
  readonly #plan: Plan;
  readonly #counters: TaskCounters;
  readonly #giveUp = new AbortController();
  readonly #queue = new BatchQueue();
  /** By topic: the position after what was queued. */
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
      /** Outlives this life of the task. */
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

  /** Where the reader has to go on for this task. */
  readFrom(topic: string): ReadFrom {
    const queued = this.#read.get(topic);
    if (queued !== undefined) return queued;
    const { nextOffset = 0n, lastOffset, lastLeaderEpoch } = this.#session.folded(topic) ?? {};
    return readFrom(nextOffset, lastOffset ?? null, lastLeaderEpoch ?? -1);
  }

  /** What Postgres has acknowledged of it; null before `open` is done. */
  get acknowledged(): Acknowledged | null {
    const opened = this.#opened;
    return opened === null ? null : { epoch: opened.task.epoch, flushes: opened.flushes };
  }

  /** Where it stands in Postgres. */
  committedOffset(topic: string): bigint {
    return this.#session.storedOffset(topic);
  }

  /** Whether this life of it committed anything. */
  get hasCommitted(): boolean {
    return this.#hasCommitted;
  }

  /** Queues a batch; waits while too much is queued. */
  async offer(batch: RecordBatch): Promise<void> {
    const nextOffset = BigInt(batch.nextOffset);
    this.#read.set(batch.topic, readFrom(nextOffset, nextOffset - 1n, batch.leaderEpoch));
    await this.#queue.push(batch);
  }

  /**
   * Folds and flushes until stopped, and folds held letters again when they are due; when nothing
   * comes for the plan's `idle`, lets event time go on. @throws whatever ends the task: FENCED,
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
   * One round of `run`, a function of its own so that a task that waits keeps nothing of the
   * batches before. @returns the silence that is not yet a tick
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
    // Records that are no events of the projection do not break its silence.
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

  /** Folds letters that are due, for a moment: what came meanwhile goes first. */
  async #retry(retrier: Retrier): Promise<void> {
    const untilMs = performance.now() + RETRY_MS;
    while (!this.#stopping && performance.now() < untilMs) {
      if (!(await retrier.step())) return;
    }
  }

  /**
   * Ends `run` with an error found outside: the log said that this task's offset is out of range.
   */
  fail(error: Error): void {
    this.#failure = error;
    this.#queue.end();
  }

  /** Ends `run` after the flush under way; what is only queued is dropped. */
  stop(): void {
    this.#stopping = true;
    this.#queue.end();
  }

  /** Ends waiting for infrastructure too: the grace period is over. */
  abort(): void {
    this.stop();
    this.#giveUp.abort(new Error('the runner was stopped'));
  }

  /** Writes what became of the task, unless another epoch owns it by now. */
  async recordOutcome(state: 'idle' | 'halted', error: unknown): Promise<void> {
    const ended = this.#waits.end();
    // Given back, it is nobody's: a write that is still under way then changes nothing.
    if (state !== 'idle') await ended;
    await this.#record(state, error);
  }

  /**
   * The log is away (with why) or there (null): shown as the state of the task. May be repeated.
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
   * A silence that must still be proved; null: nobody waits for it, or the log is away, which is
   * not silence.
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
   * Up to which time all that others publish on the task's topics is in the log; infinity: nothing
   * is to come. Null: Postgres cannot say now. Asked before the log is.
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
   * Lets event time go on, as far as nothing older is still to come; where time makes nothing
   * happen, says that nothing will be published.
   */
  async #pass({ quietMs, isTicking, upToMs }: Silence): Promise<void> {
    if (isTicking) this.#session.tick(quietMs, upToMs);
    else if (upToMs === Number.POSITIVE_INFINITY) await this.#session.publishesNothing();
  }

  /**
   * Whether everything that the log held at the time has been folded, and none of it was an event.
   */
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
    if (reason === null) logger.info(facts, 'task goes on');
    else
      logger.warn(
        { ...facts, reason: reason.message },
        'task waits for infrastructure and tries again',
      );
    // Postgres itself may be what is away: then the state cannot be written either, and the log
    // line above has to do.
    this.#waits.set('work', reason);
  }
}

function soonest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/** `leaderEpoch`: of the leader that wrote `lastOffset`; -1: the log has none. */
function readFrom(offset: bigint, lastOffset: bigint | null, leaderEpoch: number): ReadFrom {
  if (lastOffset === null || leaderEpoch < 0) return { offset };
  return { offset, after: { offset: lastOffset, leaderEpoch } };
}
