import { createBackoff } from '../../concurrency/backoff.ts';
import type { ReadPosition } from '../../log/event-log.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { FoldAgain, isRepriseError } from '../../reprise-error.ts';
import type { TaskPhase } from '../ownership/task-phase.ts';
import { createRecovery } from '../recovery/recovery.ts';
import { describeError, passes } from '../session/open-session.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { topicsOf } from '../settings/topics-of.ts';
import type { TaskKey } from '../store/task-key.ts';
import { taskLabel } from '../store/task-key.ts';
import type { TaskCounters } from './live-task.ts';
import { LiveTask } from './live-task.ts';

interface OwnTask {
  phase: TaskPhase;
  /** The current `LiveTask`; replaced each time the task is opened again. */
  live: LiveTask | null;
  readonly end: AbortController;
  /** Resolves when this process no longer runs the task. */
  ended: Promise<void>;
}

/**
 * Follows the log with the tasks of one projection version that this process owns: one stream of
 * record batches, dispatched to the tasks. Tasks are added by `own` and removed by `handBack`, or
 * by themselves when another instance owns them. The stream is opened again whenever the set of
 * running tasks changes.
 */
export class ProjectionRunner {
  readonly plan: Plan;
  readonly counters: TaskCounters = {
    recordsFolded: 0,
    rowsWritten: 0,
    flushes: 0,
    lateEvents: 0,
    deadLetters: 0,
  };
  readonly #settings: RunnerSettings;
  readonly #tasks = new Map<number, OwnTask>();
  readonly #stop = new AbortController();
  readonly #reading: Promise<void>;
  /** Aborted to restart the reader with the current set of tasks. */
  #stream = new AbortController();
  #tasksChanged: (() => void) | null = null;
  #refusal: Error | null = null;

  constructor(settings: RunnerSettings, plan: Plan) {
    this.#settings = settings;
    this.plan = plan;
    this.#reading = this.#pump();
  }

  /** The phase of each task of this process, by partition. */
  get phases(): ReadonlyMap<number, TaskPhase> {
    return new Map([...this.#tasks].map(([partition, { phase }]) => [partition, phase]));
  }

  /** Returns the current `LiveTask` of a partition, or null. */
  task(partition: number): LiveTask | null {
    return this.#tasks.get(partition)?.live ?? null;
  }

  /** Returns the running tasks. */
  running(): readonly LiveTask[] {
    return [...this.#tasks.values()].flatMap(({ phase, live }) =>
      phase === 'running' && live !== null ? [live] : [],
    );
  }

  /**
   * Takes a task and runs it in the background. Resolves once the task runs or has failed to open.
   */
  async own(partition: number): Promise<void> {
    if (this.#tasks.has(partition) || this.#stop.signal.aborted) return;
    const ended = Promise.resolve();
    const task: OwnTask = { phase: 'opening', live: null, end: new AbortController(), ended };
    this.#tasks.set(partition, task);
    await new Promise<void>((settled) => {
      task.ended = this.#keepRunning(this.#keyOf(partition), task, settled);
    });
  }

  /** Halts all running tasks, and those opened later, with an error that concerns all of them. */
  refuse(error: Error): void {
    this.#refusal = error;
    for (const task of this.running()) task.fail(error);
  }

  /** Ends a task after its current flush. Resolves once the task is handed back. */
  async handBack(partition: number): Promise<void> {
    const task = this.#tasks.get(partition);
    if (task === undefined) return;
    task.end.abort();
    task.live?.stop();
    await task.ended;
    this.#tasks.delete(partition);
  }

  /**
   * Ends all tasks after their current flush. After `graceMs`, tasks that still wait for
   * infrastructure are aborted.
   */
  async stop(graceMs: number): Promise<void> {
    this.#stop.abort();
    this.#restartStream();
    const tasks = [...this.#tasks.values()];
    const timer = setTimeout(() => {
      for (const { live } of tasks) live?.abort();
    }, graceMs);
    await Promise.all([
      ...[...this.#tasks.keys()].map((each) => this.handBack(each)),
      this.#reading,
    ]);
    clearTimeout(timer);
  }

  /** Opens and runs a task, and opens it again after errors that this can cure. */
  async #keepRunning(key: TaskKey, own: OwnTask, settled: () => void): Promise<void> {
    const { signal } = own.end;
    const backoff = createBackoff({ signal });
    const { plan, counters } = this;
    const recovery = createRecovery(this.#settings, plan, 'live');
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const task = new LiveTask(this.#settings, { key, plan, counters, recovery });
      try {
        own.live = task;
        own.phase = 'opening';
        await task.open();
        own.phase = 'running';
        this.#restartStream();
        settled();
        if (this.#refusal !== null) throw this.#refusal;
        if (!signal.aborted) await task.run();
        await task.recordOutcome('idle', null);
        break;
      } catch (error) {
        settled();
        const next = signal.aborted ? 'gone' : await this.#after(task, error);
        if (next === 'halted') own.phase = 'halted';
        if (next === 'gone') this.#tasks.delete(key.partition);
        if (next !== 'again') break;
        own.phase = 'opening';
        if (task.hasCommitted) attempt = 0;
        // The record is left out on the next attempt, so there is nothing to wait for.
        if (error instanceof FoldAgain) continue;
        await backoff.wait(attempt).catch(() => undefined);
      } finally {
        task.stop();
        this.#restartStream();
      }
    }
    settled();
  }

  /**
   * Decides after an error: `again` (open the task again), `halted` (with the reason recorded) or
   * `gone` (another instance owns it).
   */
  async #after(task: LiveTask, error: unknown): Promise<'again' | 'halted' | 'gone'> {
    const { logger } = this.#settings;
    const facts = { task: taskLabel(task.key), reason: describeError(error) };
    if (isRepriseError(error, 'LEASED')) return 'gone';
    if (isRepriseError(error, 'FENCED')) {
      logger.warn(facts, 'task belongs to another instance now');
      return 'gone';
    }
    const retriable =
      // Opening the task again validates its checkpoint, which finds the cause.
      isRepriseError(error, 'OFFSET_OUT_OF_RANGE') || passes(error);
    if (retriable) {
      logger.warn(facts, 'task restarts from its stored offset');
      return 'again';
    }
    logger.error(facts, 'task halted');
    await task.recordOutcome('halted', error);
    return 'halted';
  }

  /**
   * Reads the log and dispatches the batches. Opens the stream again when the set of tasks changes
   * or the log fails.
   */
  async #pump(): Promise<void> {
    const backoff = createBackoff({ signal: this.#stop.signal });
    for (let attempt = 0; !this.#stop.signal.aborted; ) {
      this.#stream = new AbortController();
      const positions = this.#positions();
      try {
        if (positions.length === 0) await this.#untilTasksChange();
        else await this.#dealOut(positions, () => (attempt = 0));
      } catch (error) {
        this.#settings.logger.warn(
          { projection: this.plan.name, reason: describeError(error) },
          'reading the log failed; trying again',
        );
        this.#reopenLost(error);
        await backoff.wait(attempt).catch(() => undefined);
        attempt += 1;
      }
    }
  }

  /**
   * Dispatches the batches of one stream, until it ends or is to be opened again. Does not use `for
   * await` over the stream: that would keep the last batch while it waits for the next.
   */
  async #dealOut(positions: readonly ReadPosition[], onBatch: () => void): Promise<void> {
    const { signal } = this.#stream;
    const batches = this.#settings.log.read(positions, { signal })[Symbol.asyncIterator]();
    try {
      while (await this.#dealNext(batches, signal)) onBatch();
    } finally {
      await batches.return?.();
    }
  }

  /** @returns whether a batch was dispatched */
  async #dealNext(batches: AsyncIterator<RecordBatch>, signal: AbortSignal): Promise<boolean> {
    const next = await batches.next();
    if (next.done === true || signal.aborted) return false;
    const batch = next.value;
    await this.#tasks.get(batch.partition)?.live?.offer(batch);
    return true;
  }

  /**
   * An offset out of range belongs to one task. Opening it again validates its checkpoint, which
   * finds the cause and halts it.
   */
  #reopenLost(error: unknown): void {
    if (!isRepriseError(error, 'OFFSET_OUT_OF_RANGE')) return;
    const partition = error.facts['partition'];
    if (typeof partition === 'number') this.#tasks.get(partition)?.live?.fail(error);
  }

  #positions(): ReadPosition[] {
    return this.running().flatMap((task) =>
      topicsOf(this.plan).map((topic) => ({
        topic,
        partition: task.key.partition,
        ...task.readFrom(topic),
      })),
    );
  }

  #restartStream(): void {
    this.#stream.abort();
    this.#tasksChanged?.();
  }

  #untilTasksChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#tasksChanged = resolve;
      if (this.running().length > 0 || this.#stop.signal.aborted) resolve();
    });
  }

  #keyOf(partition: number): TaskKey {
    return { projection: this.plan.name, version: this.plan.version, partition };
  }
}
