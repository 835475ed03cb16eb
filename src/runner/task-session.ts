import { createTaskFold } from '../fold/create-task-fold.ts';
import type { DeadLetter, TaskFold } from '../fold/task-fold.ts';
import { recordHash } from '../log/log-record.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import type { Plan } from '../projection/plan.ts';
import { loadRows, loadRowsAfter } from '../readmodel/load-rows.ts';
import { isRepriseError, RepriseError } from '../reprise-error.ts';
import type { Backoff } from './backoff.ts';
import type { OwnedTask, TaskKey, TopicCheckpoint } from './checkpoint.ts';
import { maxEventTimeOf, taskLabel } from './checkpoint.ts';
import { acquireTask, factsOf, setTaskState } from './checkpoint-store.ts';
import { commitBatch } from './commit-batch.ts';
import type { WriteRows } from './flush.ts';
import type { RunnerSettings } from './settings.ts';
import { inTransaction } from './transaction.ts';
import { validateCheckpoint } from './validate-checkpoint.ts';
import { fetchWriterSchema } from './writer-schemas.ts';

/** How a session folds and writes. */
export interface SessionOptions {
  readonly plan: Plan;
  readonly mode: 'live' | 'partial';
  readonly write: WriteRows;
  readonly backoff: Backoff;
  /** Told when Postgres or the registry is away (with why) and when it is back (null). */
  readonly onPause: (reason: Error | null) => void;
  /** Accept topics whose first records are gone: start at the first offset still there. Default false: DATA_LOSS. */
  readonly fromStartOfLog?: boolean;
}

/** What one flush did. */
export interface FlushReport {
  readonly rows: number;
  readonly deadLetters: number;
}

/**
 * A task owned by this process, with its fold in memory: *open* → (`fold`* → `flush`)* → thrown away. After any error it must be thrown away: memory
 * is only a cache of committed rows, and a new session reads them again.
 */
export class TaskSession {
  readonly task: OwnedTask;
  readonly fold: TaskFold;
  readonly #settings: RunnerSettings;
  readonly #options: SessionOptions;
  /** What Postgres holds. */
  #stored: Map<string, TopicCheckpoint>;
  /** What memory holds: moves with every batch folded. */
  #folded: Map<string, TopicCheckpoint>;
  #deadLetters: DeadLetter[] = [];

  /** @internal Use `openSession`. */
  constructor(
    settings: RunnerSettings,
    options: SessionOptions,
    owned: { readonly task: OwnedTask; readonly checkpoints: Map<string, TopicCheckpoint> },
  ) {
    this.#settings = settings;
    this.#options = options;
    this.task = owned.task;
    this.#stored = new Map(owned.task.checkpoints);
    this.#folded = new Map(owned.checkpoints);
    this.fold = createTaskFold(options.plan, {
      clock: {
        maxEventTimeMs: maxEventTimeOf(owned.checkpoints.values()),
        watermarkMs: null,
        nowMs: null,
      },
      mode: options.mode,
    });
  }

  /** Where to read on in a topic. */
  nextOffset(topic: string): bigint {
    return this.#folded.get(topic)?.nextOffset ?? 0n;
  }

  /** Loads what the fold wants in memory before its first batch. */
  async preload(): Promise<void> {
    for (const { table, ...wanted } of this.fold.preload()) {
      const rows = await inTransaction(this.#settings.pool, (client) =>
        loadRowsAfter(client, table, { partition: this.task.partition, ...wanted }),
      );
      this.fold.absorb(table, rows);
    }
  }

  /** Folds one batch in memory: schemas it needs, rows it touches, then the records themselves. @throws what the error policy does not let pass */
  async foldBatch(batch: RecordBatch): Promise<void> {
    const before = this.#folded.get(batch.topic);
    if (before === undefined || Number(before.nextOffset) !== batch.firstOffset) {
      throw new RepriseError(
        'OFFSET_MISMATCH',
        `${taskLabel(this.task)} was given ${batch.topic}@${batch.firstOffset} but stands at ${before?.nextOffset}. The task starts again from the stored offset.`,
        { retriable: true, facts: factsOf(this.task) },
      );
    }
    if (batch.count > 0) {
      await this.#resolveSchemas(batch);
      for (const missing of this.fold.prepare(batch)) {
        const rows = await inTransaction(this.#settings.pool, (client) =>
          loadRows(client, missing.table, this.task.partition, missing),
        );
        this.fold.absorb(missing.table, rows);
      }
      this.#judge(this.fold.apply(batch));
    }
    this.#folded.set(batch.topic, this.#after(before, batch));
  }

  /** Commits what has been folded since the last flush. @throws FENCED, OFFSET_MISMATCH, defects of the projection or the schema */
  async flush(): Promise<FlushReport> {
    const moved = [...this.#folded].filter(
      ([topic, checkpoint]) => this.#stored.get(topic) !== checkpoint,
    );
    if (moved.length === 0) return { rows: 0, deadLetters: 0 };
    const changes = this.fold.takeChanges();
    const deadLetters = this.#deadLetters;
    this.#deadLetters = [];
    const { pool } = this.#settings;
    const { write, backoff, onPause } = this.#options;
    await commitBatch(
      { pool, task: this.task, write, backoff, onPause },
      { changes, deadLetters, expected: this.#stored, next: new Map(moved) },
    );
    this.#stored = new Map(this.#folded);
    this.fold.committed();
    const rows = changes.tables.reduce((sum, change) => sum + change.rows.count, 0);
    return { rows, deadLetters: deadLetters.length };
  }

  async #resolveSchemas(batch: RecordBatch): Promise<void> {
    for (const wanted of this.fold.unresolvedSchemas(batch)) {
      const schema = await fetchWriterSchema(this.#settings.registry, wanted, this.#options);
      this.fold.resolveSchema(wanted.schemaId, schema);
    }
  }

  /** FUTURE is always a dead letter (semantics.md, time); the error policy decides on the others. */
  #judge(letters: readonly DeadLetter[]): void {
    const stopping =
      this.#settings.onError === 'halt'
        ? letters.find(({ reason }) => reason !== 'FUTURE')
        : undefined;
    if (stopping !== undefined) {
      const { topic, partition, offset, reason, message } = stopping;
      throw new RepriseError(
        reason,
        `${message} The task ${taskLabel(this.task)} halts before it: nothing is skipped silently. ` +
          'Mend the schema or the projection and start again, or set onError to "deadLetter" to set such records aside.',
        { facts: { ...factsOf(this.task), topic, partition, offset } },
      );
    }
    this.#deadLetters.push(...letters);
  }

  #after(before: TopicCheckpoint, batch: RecordBatch): TopicCheckpoint {
    const moved = { ...before, nextOffset: BigInt(batch.nextOffset) };
    if (batch.count === 0) return moved;
    const last = batch.count - 1;
    return {
      ...moved,
      lastOffset: BigInt(batch.offsets[last] as number),
      lastLeaderEpoch: batch.leaderEpoch < 0 ? null : batch.leaderEpoch,
      lastRecordHash: recordHash(batch, last),
      maxEventTimeMs: this.fold.maxEventTimeMs,
    };
  }
}

/**
 * Acquires a task (own transaction: epoch + 1), validates its checkpoint against the log, loads its state.
 * @throws RECREATED, DATA_LOSS, TRUNCATED, UNKNOWN_TOPIC
 */
export async function openSession(
  settings: RunnerSettings,
  key: TaskKey,
  options: SessionOptions,
): Promise<TaskSession> {
  const task = await inTransaction(settings.pool, (client) =>
    acquireTask(client, key, settings.owner),
  );
  try {
    const checkpoints = new Map<string, TopicCheckpoint>();
    for (const { event } of options.plan.sources) {
      const stored = task.checkpoints.get(event.topic);
      if (stored !== undefined) await validateCheckpoint(settings.log, task, stored);
      const checkpoint = stored ?? (await firstCheckpoint(settings, task, event.topic, options));
      checkpoints.set(event.topic, checkpoint);
    }
    const session = new TaskSession(settings, options, { task, checkpoints });
    await session.preload();
    return session;
  } catch (error) {
    await recordOutcome(settings, task, 'halted', error);
    throw error;
  }
}

/** Writes what became of a task into Postgres, for `reprise status`; when even that fails it is only logged: the error itself is already on its way. */
export async function recordOutcome(
  settings: RunnerSettings,
  task: OwnedTask,
  state: 'idle' | 'paused' | 'running' | 'halted',
  error: unknown,
): Promise<void> {
  const reason = error === null ? null : describeError(error);
  await inTransaction(settings.pool, (client) => setTaskState(client, task, state, reason)).catch(
    (failure: Error) =>
      settings.logger.warn(
        { task: taskLabel(task), failure: failure.message },
        'task state not recorded',
      ),
  );
}

/** `CODE: message` of a reprise error, the message of any other. */
export function describeError(error: unknown): string {
  if (isRepriseError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** The beginning of a topic that this task has never read. */
async function firstCheckpoint(
  settings: RunnerSettings,
  task: OwnedTask,
  topic: string,
  options: SessionOptions,
): Promise<TopicCheckpoint> {
  const description = (await settings.log.describe([topic])).get(topic);
  const partition = description?.partitions[task.partition];
  if (description === undefined || partition === undefined) {
    throw new RepriseError(
      'UNKNOWN_TOPIC',
      `${topic}[${task.partition}] does not exist; create it, then start again.`,
      {
        facts: { topic, partition: task.partition },
      },
    );
  }
  if (partition.startOffset > 0n && options.fromStartOfLog !== true) {
    throw new RepriseError(
      'DATA_LOSS',
      `${topic}[${task.partition}] no longer begins at 0 but at ${partition.startOffset}: a read model built now would lack the events before. ` +
        `To accept that, run: reprise rebuild ${task.projection} --from-start-of-log`,
      { facts: { ...factsOf(task), topic, offset: partition.startOffset } },
    );
  }
  return {
    topic,
    topicId: description.topicId,
    nextOffset: partition.startOffset,
    lastOffset: null,
    lastLeaderEpoch: null,
    lastRecordHash: null,
    maxEventTimeMs: null,
  };
}
