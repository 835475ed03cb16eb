import { createTaskFold } from '../fold/create-task-fold.ts';
import type { DeadLetter, TaskFold } from '../fold/task-fold.ts';
import { recordAt, recordHash } from '../log/log-record.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import type { Plan } from '../projection/plan.ts';
import { loadRows, loadRowsAfter } from '../readmodel/load-rows.ts';
import { RepriseError } from '../reprise-error.ts';
import type { Backoff } from './backoff.ts';
import type { OwnedTask, TopicCheckpoint } from './checkpoint.ts';
import { maxEventTimeOf, taskLabel } from './checkpoint.ts';
import { factsOf } from './checkpoint-store.ts';
import { commitBatch } from './commit-batch.ts';
import type { TriedLetter } from './dead-letter-store.ts';
import { encodeEmission } from './encode-emission.ts';
import { Judge, policyOf } from './errors/judge.ts';
import type { WriteRows } from './flush.ts';
import type { JournalEntry } from './journal.ts';
import type { RunnerSettings } from './settings.ts';
import { StepOrder } from './step-order.ts';
import { inTransaction } from './transaction.ts';
import { fetchWriterSchema } from './writer-schemas.ts';

/** How a session folds and writes. */
export interface SessionOptions {
  readonly plan: Plan;
  readonly mode: 'live' | 'partial';
  readonly write: WriteRows;
  readonly backoff: Backoff;
  /** Told when Postgres or the registry is away (with why) and when it is back (null). */
  readonly onPause: (reason: Error | null) => void;
  /** Decides on records that cannot be folded. Default: a judge of the plan's own policy, live or for rebuilds by `mode`. */
  readonly judge?: Judge;
  /** Take the task only where no live instance owns it. Default false: from whoever has it. */
  readonly onlyUnowned?: boolean;
  /** The owner's clock, for the drift guard and processing time; null in a rebuild. Default null. */
  readonly nowMs?: (() => number) | null;
  /** Accept topics whose first records are gone: start at the first offset still there. Default false: DATA_LOSS. */
  readonly fromStartOfLog?: boolean;
}

/** What one flush did. */
export interface FlushReport {
  readonly rows: number;
  readonly deadLetters: number;
  readonly emissions: number;
}

/** A task as it is opened: acquired, validated, with the stable end of each of its topics at that time. */
export interface OpenedTask {
  readonly task: OwnedTask;
  readonly checkpoints: ReadonlyMap<string, TopicCheckpoint>;
  readonly endOffsets: ReadonlyMap<string, bigint>;
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
  readonly #order: StepOrder;
  /** What Postgres holds. */
  #stored: Map<string, TopicCheckpoint>;
  #flushes: bigint;
  /** What memory holds: moves with every batch folded. */
  #folded: Map<string, TopicCheckpoint>;
  readonly #judge: Judge;
  #deadLetters: TriedLetter[] = [];
  #journal: JournalEntry[] = [];

  /** @internal Use `openSession`. */
  constructor(settings: RunnerSettings, options: SessionOptions, opened: OpenedTask) {
    this.#settings = settings;
    this.#options = options;
    const { task, checkpoints } = opened;
    this.task = task;
    this.#stored = new Map(task.checkpoints);
    this.#flushes = task.standing.flushes;
    this.#folded = new Map(checkpoints);
    const refused = refusedRecords(task.journal);
    this.fold = createTaskFold(options.plan, {
      clock: {
        maxEventTimeMs: maxEventTimeOf(checkpoints.values()),
        watermarkMs: task.standing.watermarkMs,
        nowMs: options.nowMs ?? null,
        ...(refused.size === 0
          ? {}
          : { wasRefused: (topic, offset) => refused.has(`${topic} ${offset}`) }),
      },
      mode: options.mode,
    });
    this.#judge = options.judge ?? new Judge(policyOf(options.plan, settings.onError, 'live'));
    this.#order = new StepOrder(task.journal, opened);
  }

  /** Where to read on in a topic. */
  nextOffset(topic: string): bigint {
    return this.#folded.get(topic)?.nextOffset ?? 0n;
  }

  /** How far a topic is committed. */
  storedOffset(topic: string): bigint {
    return this.#stored.get(topic)?.nextOffset ?? 0n;
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

  /**
   * Folds record batches in memory, in the order that a replay would fold them: through the ticks of the journal and, with several topics, merged (some may
   * wait inside for records of another topic). @throws what the error policy does not let pass
   */
  async foldBatches(batches: readonly RecordBatch[]): Promise<void> {
    for (const batch of batches) this.#order.push(batch);
    for (let step = this.#order.next(); step !== null; step = this.#order.next()) {
      if (step.kind === 'tick') this.fold.tick(step.quietMs);
      else if (step.kind === 'journal') this.#journal.push(step.entry);
      else await this.#foldBatch(step.batch);
    }
  }

  /** Whether nothing waits inside for records of another topic. */
  get isDrained(): boolean {
    return this.#order.isDrained;
  }

  /** The partition has been quiet for so long: moves event time on, to be journaled with the next flush. Call only when nothing is left to fold. */
  tick(quietMs: number): void {
    this.fold.tick(quietMs);
    const nextOffsets = new Map(
      [...this.#folded].map(([topic, { nextOffset }]): [string, bigint] => [topic, nextOffset]),
    );
    this.#journal.push({ kind: 'tick', nextOffsets, quietMs });
  }

  /** Commits what has been folded since the last flush. @throws FENCED, OFFSET_MISMATCH, ENCODE_FAILED, defects of the projection or the schema */
  async flush(): Promise<FlushReport> {
    const moved = [...this.#folded].filter(
      ([topic, checkpoint]) => this.#stored.get(topic) !== checkpoint,
    );
    if (moved.length === 0 && this.#journal.length === 0) {
      return { rows: 0, deadLetters: 0, emissions: 0 };
    }
    const changes = this.fold.takeChanges();
    const outbox = changes.emissions.map(encodeEmission);
    const deadLetters = this.#deadLetters;
    const journal = this.#journal;
    this.#deadLetters = [];
    this.#journal = [];
    const { pool } = this.#settings;
    const { write, backoff, onPause } = this.#options;
    await commitBatch(
      { pool, task: this.task, write, backoff, onPause },
      {
        changes,
        deadLetters,
        expected: this.#stored,
        next: new Map(moved),
        flushes: this.#flushes,
        watermarkMs: this.fold.watermarkMs,
        journal,
        outbox,
      },
    );
    this.#stored = new Map(this.#folded);
    this.#flushes += 1n;
    this.fold.committed();
    const rows = changes.tables.reduce((sum, change) => sum + change.rows.count, 0);
    return { rows, deadLetters: deadLetters.length, emissions: outbox.length };
  }

  /** Folds one batch: schemas it needs, rows it touches, then the records themselves. */
  async #foldBatch(batch: RecordBatch): Promise<void> {
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
      this.#decide(this.fold.apply(batch));
    }
    this.#folded.set(batch.topic, this.#after(before, batch));
  }

  /** Gives up a record that the fold takes but Postgres does not: alone in its batch, it becomes a dead letter, if the policy says so. @throws as `foldBatches` */
  setAside(batch: RecordBatch, reason: 'DATABASE_FAILED', message: string): void {
    const before = this.#folded.get(batch.topic);
    if (before === undefined) throw new TypeError(`${batch.topic} is none of the task's topics`);
    const record = recordAt(batch, 0);
    this.#decide([{ ...record, reason, message, byClock: false }]);
    this.#folded.set(batch.topic, this.#after(before, batch));
  }

  async #resolveSchemas(batch: RecordBatch): Promise<void> {
    for (const wanted of this.fold.unresolvedSchemas(batch)) {
      const schema = await fetchWriterSchema(this.#settings.registry, wanted, this.#options);
      this.fold.resolveSchema(wanted.schemaId, schema);
    }
  }

  /** FUTURE is always a dead letter (semantics.md, time); the error policy decides on the others. */
  #decide(letters: readonly DeadLetter[]): void {
    for (const letter of letters) {
      const { topic, partition, offset, reason, message, byClock } = letter;
      const place = `${topic}[${partition}]@${offset}`;
      const decided =
        reason === 'FUTURE'
          ? { verdict: 'setAside' as const, attempts: 1 }
          : this.#judge.verdict(place);
      if (decided.verdict !== 'setAside') {
        const isFinal = decided.verdict === 'stop';
        throw new RepriseError(
          reason,
          `${message} The task ${taskLabel(this.task)} ${isFinal ? 'halts before it: nothing is skipped silently. Mend the schema or the projection, then run reprise resume; or let such records be set aside: onError "skip".' : `tries again (attempt ${decided.attempts}).`}`,
          {
            retriable: !isFinal,
            facts: {
              ...factsOf(this.task),
              topic,
              partition,
              offset,
              ...(isFinal ? {} : { attempt: decided.attempts }),
            },
          },
        );
      }
      this.#deadLetters.push({ ...letter, attempts: decided.attempts });
      if (byClock) {
        const nextOffsets = new Map([[topic, offset]]);
        this.#journal.push({ kind: 'refusal', nextOffsets, quietMs: null });
      }
    }
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

/** Records that the owner's clock refused when they were first folded, as `topic offset`. */
function refusedRecords(journal: readonly JournalEntry[]): ReadonlySet<string> {
  return new Set(
    journal
      .filter(({ kind }) => kind === 'refusal')
      .flatMap(({ nextOffsets }) =>
        [...nextOffsets].map(([topic, offset]) => `${topic} ${offset}`),
      ),
  );
}
