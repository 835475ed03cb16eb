import type { ReadPosition } from '../log/event-log.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import type { Plan } from '../projection/plan.ts';
import { classify } from '../readmodel/postgres-errors.ts';
import { isRepriseError } from '../reprise-error.ts';
import { createBackoff } from './backoff.ts';
import type { TaskKey } from './checkpoint.ts';
import { taskLabel } from './checkpoint.ts';
import type { TaskCounters } from './live-task.ts';
import { LiveTask } from './live-task.ts';
import { describeError } from './open-session.ts';
import type { RunnerSettings } from './settings.ts';
import { partitionsOf, topicsOf } from './topics-of.ts';

/**
 * Follows the log with all tasks of one projection version in this process: one stream of record batches, dealt out to the tasks.
 *
 * Each task by itself is *running* (it has a LiveTask), *opening* (acquired again after an OFFSET_MISMATCH or an infrastructure fault, with backoff), or
 * *ended* (halted by a typed error, fenced, or stopped). The stream is opened again whenever the set of running tasks changes.
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
  readonly #tasks = new Map<number, LiveTask>();
  readonly #runs: Promise<void>[] = [];
  readonly #stop = new AbortController();
  /** Aborted to make the reader start again with the present set of tasks. */
  #stream = new AbortController();
  #tasksChanged: (() => void) | null = null;

  constructor(settings: RunnerSettings, plan: Plan) {
    this.#settings = settings;
    this.plan = plan;
  }

  /** Acquires every task, then follows the log in the background. Resolves once each task runs or has said why not. */
  async start(): Promise<void> {
    const partitions = await this.#partitions();
    const keys = partitions.map((partition) => this.#keyOf(partition));
    const opened = keys.map((key) => {
      let settled: () => void = () => undefined;
      const firstTry = new Promise<void>((resolve) => {
        settled = resolve;
      });
      this.#runs.push(this.#keepRunning(key, settled));
      return firstTry;
    });
    await Promise.all(opened);
    this.#runs.push(this.#pump());
  }

  /** Ends all tasks after the flush under way; after `graceMs` what still waits for infrastructure is given up. */
  async stop(graceMs: number): Promise<void> {
    this.#stop.abort();
    this.#restartStream();
    for (const task of this.#tasks.values()) task.stop();
    const timer = setTimeout(() => {
      for (const task of this.#tasks.values()) task.abort();
    }, graceMs);
    await Promise.all(this.#runs);
    clearTimeout(timer);
  }

  /** One task through all its lives: open, run, and open again where that is the cure. */
  async #keepRunning(key: TaskKey, settled: () => void): Promise<void> {
    const backoff = createBackoff({ signal: this.#stop.signal });
    for (let attempt = 0; !this.#stop.signal.aborted; attempt += 1) {
      const { plan, counters } = this;
      const task = new LiveTask(this.#settings, { key, plan, counters });
      try {
        await task.open();
        this.#tasks.set(key.partition, task);
        this.#restartStream();
        settled();
        await task.run();
        await task.recordOutcome('idle', null);
        break;
      } catch (error) {
        settled();
        if (this.#stop.signal.aborted) break;
        if (!(await this.#opensAgain(task, error))) break;
        await backoff.wait(attempt).catch(() => undefined);
      } finally {
        task.stop();
        this.#tasks.delete(key.partition);
        this.#restartStream();
      }
    }
    settled();
  }

  /** Decides what an error makes of a task: opened again (true), or ended, with the reason recorded (false). */
  async #opensAgain(task: LiveTask, error: unknown): Promise<boolean> {
    const { logger } = this.#settings;
    const facts = { task: taskLabel(task.key), reason: describeError(error) };
    if (isRepriseError(error, 'FENCED')) {
      logger.warn(facts, 'task belongs to another instance now');
      return false;
    }
    const retriable =
      isRepriseError(error, 'OFFSET_OUT_OF_RANGE') || // validated when opened again, which tells what happened
      (isRepriseError(error) ? error.retriable : classify(error) !== 'defect');
    if (retriable) {
      logger.warn(facts, 'task starts again from its stored offset');
      return true;
    }
    logger.error(facts, 'task halted');
    await task.recordOutcome('halted', error);
    return false;
  }

  /** Reads the log and deals the batches out, opening the stream again when tasks come or go, or the log breaks. */
  async #pump(): Promise<void> {
    const backoff = createBackoff({ signal: this.#stop.signal });
    for (let attempt = 0; !this.#stop.signal.aborted; ) {
      this.#stream = new AbortController();
      const positions = this.#positions();
      try {
        if (positions.length === 0) await this.#untilTasksChange();
        for await (const batch of this.#read(positions)) {
          if (this.#stream.signal.aborted) break;
          attempt = 0;
          await this.#tasks.get(batch.partition)?.offer(batch);
        }
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

  async *#read(positions: readonly ReadPosition[]): AsyncIterable<RecordBatch> {
    if (positions.length === 0) return;
    yield* this.#settings.log.read(positions, { signal: this.#stream.signal });
  }

  /** An offset out of range belongs to one task: opening it again validates its checkpoint, which tells what happened and halts it. */
  #reopenLost(error: unknown): void {
    if (!isRepriseError(error, 'OFFSET_OUT_OF_RANGE')) return;
    const partition = error.facts['partition'];
    if (typeof partition === 'number') this.#tasks.get(partition)?.fail(error);
  }

  #positions(): ReadPosition[] {
    return [...this.#tasks.values()].flatMap((task) =>
      topicsOf(this.plan).map((topic) => ({
        topic,
        partition: task.key.partition,
        offset: task.readOffset(topic),
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
      if (this.#tasks.size > 0 || this.#stop.signal.aborted) resolve();
    });
  }

  async #partitions(): Promise<number[]> {
    const topics = await this.#settings.log.describe(topicsOf(this.plan));
    return Array.from({ length: partitionsOf(this.plan, topics) }, (_, partition) => partition);
  }

  #keyOf(partition: number): TaskKey {
    return { projection: this.plan.name, version: this.plan.version, partition };
  }
}
