import { UntilError } from '../../concurrency/until-error.ts';
import { noDataKeys } from '../../erasure/data-keys.ts';
import { createTaskFold } from '../../fold/create-task-fold.ts';
import type { DeadLetter, TaskFold } from '../../fold/task/task-fold.ts';
import type { LogPosition } from '../../log/log-position.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { splitBatch } from '../../log/slice-batch.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import { loadRows, loadRowsAfter } from '../../readmodel/load-rows.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import { FailedRecords, failedIn, letterOf } from '../recovery/failed-records.ts';
import { poisonPill } from '../recovery/poison-pill.ts';
import { createRecovery, type Recovery } from '../recovery/recovery.ts';
import { refusedRows } from '../recovery/refused-rows.ts';
import { notMet, Repeat } from '../recovery/repeat.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { clearDeaths, factsOf, setPublishesNothing } from '../store/checkpoint-store.ts';
import type { JournalEntry } from '../store/journal-entry.ts';
import { refusedRecords } from '../store/journal-entry.ts';
import type { OwnedTask, TopicCheckpoint } from '../store/task-key.ts';
import { maxEventTimeOf, nextOffsetsOf, taskLabel } from '../store/task-key.ts';
import { passedInSilence, taskTimes } from '../store/task-times.ts';
import { checkpointAfter } from './checkpoint-after.ts';
import { commitBatch } from './commit-batch.ts';
import { encodeEmissions } from './encode-emissions.ts';
import type { FlushReport } from './flush-report.ts';
import { SessionKeys } from './session-keys.ts';
import type { OpenedTask, SessionOptions } from './session-options.ts';
import { StepOrder } from './step-order.ts';
import { withoutRepeats } from './without-repeats.ts';
import { WriterSchemas } from './writer-schemas.ts';

/** A record of the task's partition. */
type RecordPosition = Pick<LogPosition, 'topic' | 'offset'>;

/**
 * A task owned by this process, with its fold in memory: *open* → (`fold`* → `flush`)* → discarded.
 * After any error it must be discarded: memory is only a cache of committed rows, and a new session
 * reads them again.
 */
export class TaskSession {
  readonly task: OwnedTask;
  readonly fold: TaskFold;
  readonly #life = new UntilError('a task session');
  readonly #settings: RunnerSettings;
  readonly #options: SessionOptions;
  readonly #order: StepOrder;
  readonly #schemas: WriterSchemas;
  readonly #keys: SessionKeys;
  /** The checkpoints in Postgres. */
  #stored: Map<string, TopicCheckpoint>;
  #flushes: bigint;
  /** The checkpoints of memory: they move with every folded batch. */
  #folded: Map<string, TopicCheckpoint>;
  readonly #endOffsets: ReadonlyMap<string, bigint>;
  readonly #recovery: Recovery;
  readonly #failed: FailedRecords;
  readonly #repeat: Repeat | null;
  #journal: JournalEntry[] = [];
  /** The log was read to its end, no more is to be published, and nothing has arrived since. */
  #isSilent = false;
  /** Records since the last flush; the last of them as a possible dead letter, if it came alone. */
  #sinceFlush = 0;
  #last: DeadLetter | null = null;

  /** @internal Use `openSession`. */
  constructor(settings: RunnerSettings, options: SessionOptions, opened: OpenedTask) {
    this.#settings = settings;
    this.#options = options;
    this.#schemas = new WriterSchemas(settings.registry, options);
    this.#keys = new SessionKeys(settings.dataKeys ?? noDataKeys, options.plan, options);
    const { task, checkpoints } = opened;
    this.task = task;
    this.#stored = new Map(task.checkpoints);
    this.#flushes = task.status.flushes;
    this.#folded = new Map(checkpoints);
    const refused = refusedRecords(task.journal);
    this.fold = createTaskFold(options.plan, {
      clock: {
        maxEventTimeMs: maxEventTimeOf(checkpoints.values()),
        watermarkMs: task.status.watermarkMs,
        nowMs: options.nowMs ?? null,
        ...(refused.size === 0
          ? {}
          : { wasRefused: (topic, offset) => refused.has(`${topic} ${offset}`) }),
      },
      mode: options.mode,
      generatedCode: settings.generatedCode ?? true,
      startsEmpty: task.status.flushes === 0n,
      separatesAdded: options.append !== undefined,
      keys: this.#keys,
    });
    this.#endOffsets = opened.endOffsets;
    this.#recovery = options.recovery ?? createRecovery(settings, options.plan, 'live');
    this.#failed = new FailedRecords(task, this.#recovery.policy);
    this.#repeat = options.repeats ? new Repeat(options.repeats, task.journal) : null;
    this.#recovery.batchSize.died(task.status.deaths);
    this.#recovery.retries.sync(task.quarantinedLetters);
    this.#order = new StepOrder(task.journal, {
      ...opened,
      repeatsRedrives: this.#repeat !== null,
    });
  }

  /** Returns the offset at which to resume reading a topic. */
  nextOffset(topic: string): bigint {
    return this.#folded.get(topic)?.nextOffset ?? 0n;
  }

  /** Returns the checkpoint of memory in a topic. */
  folded(topic: string): TopicCheckpoint | undefined {
    return this.#folded.get(topic);
  }

  /** Returns the committed next offset of a topic. */
  storedOffset(topic: string): bigint {
    return this.#stored.get(topic)?.nextOffset ?? 0n;
  }

  /** Number of commits of the task so far. */
  get flushes(): bigint {
    return this.#flushes;
  }

  /** Loads the rows that the fold needs in memory before its first batch. */
  async preload(): Promise<void> {
    for (const { table, ...wanted } of this.fold.preload()) {
      const rows = await inTransaction(this.#settings.pool, (client) =>
        loadRowsAfter(client, table, { partition: this.task.partition, ...wanted }),
      );
      this.fold.absorb(table, rows);
    }
  }

  /**
   * Folds record batches in memory, in the order of a replay: through the ticks of the journal and,
   * with several topics, merged (some batches may be buffered for records of another topic). Calls
   * `flush` whenever memory holds as much as one flush may. @throws the reason of a record that the
   * error policy does not set aside
   */
  foldBatches(
    batches: readonly RecordBatch[],
    flush: () => Promise<unknown> = () => this.flush(),
  ): Promise<void> {
    return this.#life.use(async () => {
      if (batches.length > 0) this.#isSilent = false;
      for (const batch of batches) this.#order.push(batch);
      for (let step = this.#order.next(); step !== null; step = this.#order.next()) {
        if (step.kind === 'tick') this.fold.tick(step.quietMs);
        else if (step.kind === 'journal') this.#journal.push(step.entry);
        else if (step.kind === 'redrive') await this.#repeatRedrive(step.record);
        else await this.#foldInParts(step.batch, flush);
      }
    });
  }

  /** Releases a quarantined key: none of its records waits, and new ones are folded. */
  release(key: Buffer): void {
    this.#failed.release(key);
  }

  /** Whether no record is buffered for records of another topic. */
  get isDrained(): boolean {
    return this.#order.isDrained;
  }

  /**
   * Advances event time after the partition was quiet for `quietMs`; the next flush journals it.
   * Call only when nothing is left to fold.
   * @param upToMs lower bound of the times of events still to be published here; event time
   * advances no further. Default: none will be published
   */
  tick(quietMs: number, upToMs = Number.POSITIVE_INFINITY): void {
    this.#isSilent = upToMs === Number.POSITIVE_INFINITY;
    const { latenessMs } = this.#options.plan;
    const passedMs = passedInSilence(this.fold, { quietMs, upToMs, latenessMs });
    if (passedMs === null) return;
    this.fold.tick(passedMs);
    this.#journal.push({
      kind: 'tick',
      nextOffsets: nextOffsetsOf(this.#folded),
      quietMs: passedMs,
    });
  }

  /**
   * Records once, for readers of its events, that the task will publish nothing: the partition is
   * quiet, no event will arrive, and nothing waits for event time.
   */
  async publishesNothing(): Promise<void> {
    const { publishesFromMs } = taskTimes(this.fold, this.#options.plan, true);
    if (this.#isSilent || publishesFromMs !== Number.POSITIVE_INFINITY) return;
    await inTransaction(this.#settings.pool, (client) => setPublishesNothing(client, this.task));
    this.#isSilent = true;
  }

  /** Whether the log was read to its end, no event will arrive, and none has arrived since. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /**
   * Folds dead letters at the current position, in order, up to the first that fails again, and
   * deletes them in the same flush.
   * @param batches one record each @returns how many are folded and committed, and why the next one
   * failed; null: all are
   * @throws as `flush`: the session must then be discarded
   */
  redrive(
    ...batches: readonly RecordBatch[]
  ): Promise<{ readonly folded: number; readonly failed: DeadLetter | null }> {
    return this.#life.use(async () => {
      const nextOffsets = nextOffsetsOf(this.#folded);
      const records: RecordPosition[] = [];
      let failed: DeadLetter | null = null;
      for (const batch of batches) {
        [failed = null] = await this.#foldRecords(batch);
        if (failed !== null) break;
        const record = { topic: batch.topic, offset: BigInt(batch.offsets[0] as number) };
        records.push(record);
        this.#journal.push({ kind: 'redrive', nextOffsets, quietMs: null, record });
      }
      if (records.length > 0) await this.#commit([], records);
      return { folded: records.length, failed };
    });
  }

  /**
   * Commits what was folded since the last flush. If Postgres rejects the rows of several records,
   * the next session folds fewer at a time, until one record is alone.
   * @throws FENCED, OFFSET_MISMATCH, ENCODE_FAILED, DATABASE_FAILED
   */
  flush(): Promise<FlushReport> {
    return this.#life.use(async () => {
      const moved = [...this.#folded].filter(
        ([topic, checkpoint]) => this.#stored.get(topic) !== checkpoint,
      );
      const records = this.#sinceFlush;
      const last = this.#last;
      this.#sinceFlush = 0;
      this.#last = null;
      if (moved.length === 0 && this.#journal.length === 0) {
        await this.#passed(records);
        return { rows: 0, deadLetters: 0, emissions: 0 };
      }
      const report = await this.#commit(moved, []).catch((error: unknown) => {
        const { batchSize } = this.#recovery;
        const tried = { task: this.task, records, last };
        throw refusedRows(error, tried, { batchSize, failed: this.#failed });
      });
      await this.#passed(records);
      return report;
    });
  }

  async #commit(
    moved: readonly (readonly [string, TopicCheckpoint])[],
    redriven: readonly RecordPosition[],
  ): Promise<FlushReport> {
    const changes = this.fold.takeChanges();
    const { dataKeys = noDataKeys } = this.#settings;
    const outbox = await encodeEmissions(changes.emissions, dataKeys);
    this.#failed.decide(changes.deadLetters);
    const { letters, refusals } = this.#failed.take();
    const journal = [...this.#journal, ...refusals];
    this.#journal = [];
    const { write, append, backoff, onPause } = this.#options;
    await commitBatch(
      { pool: this.#settings.pool, task: this.task, write, append, backoff, onPause },
      {
        changes,
        deadLetters: letters,
        redriven,
        expected: this.#stored,
        next: new Map(moved),
        flushes: this.#flushes,
        times: taskTimes(this.fold, this.#options.plan, this.#isSilent),
        journal,
        outbox,
        dataKeys: this.#keys.inUse(),
      },
    ).catch((error: unknown) => {
      if (isRepriseError(error, 'FORGOTTEN')) this.#keys.doubted();
      throw error;
    });
    this.#keys.committed();
    this.#stored = new Map(this.#folded);
    this.#flushes += 1n;
    this.fold.committed();
    for (const letter of letters) {
      this.#recovery.policy.settled(letter);
      this.#recovery.retries.setAside(letter);
    }
    const rows = changes.tables.reduce(
      (sum, { rows: { count }, added }) => sum + count + (added?.count ?? 0),
      0,
    );
    return { rows, deadLetters: letters.length, emissions: outbox.length };
  }

  /** Counts committed records, and clears the deaths once no suspect record is left. */
  async #passed(records: number): Promise<void> {
    const { batchSize } = this.#recovery;
    const isCaughtUp = [...this.#endOffsets].every(
      ([topic, end]) => this.storedOffset(topic) >= end,
    );
    if (isCaughtUp) batchSize.cleared();
    if (!batchSize.passed(records)) return;
    await inTransaction(this.#settings.pool, (client) => clearDeaths(client, this.task));
  }

  /** Folds a batch in parts of at most the batch size. */
  async #foldInParts(batch: RecordBatch, flush: () => Promise<unknown>): Promise<void> {
    const { batchSize } = this.#recovery;
    for (let rest: RecordBatch | null = batch; rest !== null; ) {
      const room = batchSize.recordsMax - this.#sinceFlush;
      const cut: readonly [RecordBatch, RecordBatch | null] =
        rest.count > room ? splitBatch(rest, rest.offsets[room] as number) : [rest, null];
      await this.#foldBatch(cut[0]);
      const isFull = this.#options.rows?.isFull(this.fold.rowCount) || this.#keys.isFull;
      if (isFull || this.#sinceFlush >= batchSize.recordsMax) await flush();
      rest = cut[1];
    }
  }

  /** Folds one batch at the current position, and advances. */
  async #foldBatch(batch: RecordBatch): Promise<void> {
    const before = this.#folded.get(batch.topic);
    if (before === undefined || Number(before.nextOffset) !== batch.firstOffset) {
      throw new RepriseError(
        'OFFSET_MISMATCH',
        `${taskLabel(this.task)} was given ${batch.topic}@${batch.firstOffset} but is at ${before?.nextOffset}. The task restarts from the stored offset.`,
        { retriable: true, facts: factsOf(this.task) },
      );
    }
    const fresh = withoutRepeats(batch, before.sequences);
    if (batch.count > 0) {
      const kept = this.#repeat?.sift(fresh.batch) ?? fresh.batch;
      // The schema tells which event a record is, and so whether it waits.
      if (this.#failed.isSifting) await this.#schemas.resolve(this.fold, kept);
      const rest = this.#failed.sift(kept, (i) => this.fold.isForeign(kept, i));
      if (rest.count > 0) {
        const pill = await poisonPill(
          this.#settings.pool,
          this.task,
          this.#recovery.batchSize,
          rest,
        );
        if (pill === null) this.#failed.decide(await this.#foldRecords(rest), rest);
        else this.#failed.decide([pill]);
      }
      this.#sinceFlush += batch.count;
      const isAlone = rest.count === 1 && batch.count === 1;
      this.#last = isAlone ? letterOf(rest, 0, { reason: 'DATABASE_FAILED', message: '' }) : null;
    }
    const { maxEventTimeMs } = this.fold;
    this.#folded.set(batch.topic, checkpointAfter(before, batch, { ...fresh, maxEventTimeMs }));
  }

  /**
   * Folds records: loads the schemas they need and the rows they touch, then applies them. @returns
   * the records that could not be folded
   */
  async #foldRecords(batch: RecordBatch): Promise<readonly DeadLetter[]> {
    await this.#schemas.resolve(this.fold, batch);
    await this.#keys.load(batch);
    for (const missing of this.fold.prepare(batch)) {
      const rows = await inTransaction(this.#settings.pool, (client) =>
        loadRows(client, missing.table, this.task.partition, missing),
      );
      this.fold.absorb(missing.table, rows);
    }
    try {
      return this.fold.apply(batch);
    } catch (error) {
      const letter = failedIn(batch, error);
      throw letter === null ? error : this.#failed.reject(letter, error);
    }
  }

  /**
   * Folds a dead letter where the journal says that it was folded; each once, even if the journal
   * names it twice.
   */
  async #repeatRedrive(record: RecordPosition): Promise<void> {
    const batch = this.#repeat?.take(record);
    if (batch === 'folded') {
      this.#settings.logger.warn(
        { task: taskLabel(this.task), ...record },
        'two redrives at once folded this dead letter twice; this replay folds it once. Repair the rows that differ (app.versions.repair), or raise the version and run reprise rebuild',
      );
      return;
    }
    if (batch === undefined) throw notMet(this.task, record);
    await this.#foldRecords(batch);
  }
}
