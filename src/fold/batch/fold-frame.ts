import type { RecordBatch } from '../../log/record-batch.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { RowSet } from '../../projection/plan/row-set.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import type {
  DeadLetter,
  FoldChanges,
  MissingRows,
  TaskFold,
  TaskFoldOptions,
  UnresolvedSchema,
} from '../task/task-fold.ts';
import type { EventClock } from './event-clock.ts';
import type { LateEvents } from './late-events.ts';
import type { DecodedBatch } from './topic-batches.ts';
import { TopicBatches } from './topic-batches.ts';

/**
 * What one kind of projection does with decoded records; `FoldFrame` does the rest of a `TaskFold`.
 * The members that it shares with `TaskFold` have the same contract.
 */
export interface KindFold
  extends Pick<
    TaskFold,
    'preload' | 'absorb' | 'committed' | 'rowCount' | 'keyCount' | 'stateSize'
  > {
  /** As in `TaskFold`; default: whether anything waits (`stateSize`). */
  readonly awaitsTime?: boolean;
  /** Advances the clock past the records of a batch, and marks those that must not count. */
  readonly times: {
    pass(batch: RecordBatch, decoded: DecodedBatch, clock: EventClock): void;
  };
  readonly late: LateEvents;
  /** Folds the common records of a batch without decoding it first. Default: none are. */
  readonly generated?: GeneratedCode | null;
  /** Looks up the keys of a filtered batch. @returns what to load and absorb before `take` */
  prepare(batch: RecordBatch, decoded: DecodedBatch): readonly MissingRows[];
  /** Folds a prepared batch; adds the records that fail to its dead letters. */
  take(batch: RecordBatch, decoded: DecodedBatch): void;
  /** A tick moved the watermark to this time. */
  passTime(watermarkMs: number): void;
  /** Returns the changes since the last call, without late events. */
  takeChanges(): Omit<FoldChanges, 'lateEvents'>;
}

/** A fold by generated code (`GeneratedFold`). */
interface GeneratedCode {
  resolve(schemaId: number, schema: string | Error): void;
  /** `columnar` folds a range of records that the code does not handle. */
  fold(
    batch: RecordBatch,
    columnar: (part: RecordBatch) => readonly DeadLetter[],
  ): { readonly deadLetters: readonly DeadLetter[]; readonly lateCount: number };
}

/** The parts of a frame. */
interface FrameParts {
  readonly plan: Plan;
  readonly options: TaskFoldOptions;
  readonly clock: EventClock;
  readonly kind: KindFold;
}

/**
 * The fold of a task of any kind: decodes a batch, advances event time and filters; the kind folds
 * what is left into its rows. Between `prepare` and `apply` it holds one batch.
 */
export class FoldFrame implements TaskFold {
  readonly #clock: EventClock;
  readonly #kind: KindFold;
  readonly #topics: TopicBatches;
  /** `decoded` null: the generated code reads the batch itself. */
  #prepared: { readonly batch: RecordBatch; readonly decoded: DecodedBatch | null } | null = null;

  constructor({ plan, options, clock, kind }: FrameParts) {
    this.#clock = clock;
    this.#kind = kind;
    this.#topics = new TopicBatches(plan, options);
  }

  get maxEventTimeMs() {
    return this.#clock.maxEventTimeMs;
  }

  get watermarkMs() {
    return this.#clock.watermarkMs;
  }

  get eventCount() {
    return this.#clock.eventCount;
  }

  get publishedLagMs() {
    return this.#clock.publishedLagMs;
  }

  get lateCount() {
    return this.#kind.late.count;
  }

  get rowCount() {
    return this.#kind.rowCount;
  }

  get keyCount() {
    return this.#kind.keyCount;
  }

  get stateSize() {
    return this.#kind.stateSize;
  }

  get awaitsTime() {
    return this.#kind.awaitsTime ?? this.#kind.stateSize > 0;
  }

  preload() {
    return this.#kind.preload();
  }

  unresolvedSchemas(batch: RecordBatch): readonly UnresolvedSchema[] {
    return this.#topics.unresolvedSchemas(batch);
  }

  isForeign(batch: RecordBatch, i: number): boolean {
    return this.#topics.isForeign(batch, i);
  }

  resolveSchema(schemaId: number, schema: string | Error): void {
    this.#topics.resolve(schemaId, schema);
    this.#kind.generated?.resolve(schemaId, schema);
  }

  prepare(batch: RecordBatch): readonly MissingRows[] {
    if (this.#kind.generated) {
      this.#prepared = { batch, decoded: null };
      return [];
    }
    const { decoded, missing } = this.#decode(batch);
    this.#prepared = { batch, decoded };
    return missing;
  }

  absorb(table: TablePlan, rows: RowSet): void {
    this.#kind.absorb(table, rows);
  }

  apply(batch: RecordBatch): readonly DeadLetter[] {
    const prepared = this.#prepared;
    if (prepared === null || prepared.batch !== batch) throw new TypeError('apply without prepare');
    this.#prepared = null;
    const { generated, late } = this.#kind;
    if (prepared.decoded !== null || !generated) {
      return this.#take(batch, prepared.decoded as DecodedBatch);
    }
    const folded = generated.fold(batch, (part) => this.#take(part, this.#decode(part).decoded));
    late.count += folded.lateCount;
    return folded.deadLetters;
  }

  tick(quietMs: number): void {
    this.#clock.tick(quietMs);
    if (this.watermarkMs !== null) this.#kind.passTime(this.watermarkMs);
  }

  takeChanges(): FoldChanges {
    return { ...this.#kind.takeChanges(), lateEvents: this.#kind.late.take() };
  }

  committed(): void {
    this.#kind.committed();
  }

  #decode(batch: RecordBatch) {
    const decoded = this.#topics.decode(batch);
    this.#kind.times.pass(batch, decoded, this.#clock);
    this.#topics.filter(decoded);
    return { decoded, missing: this.#kind.prepare(batch, decoded) };
  }

  /** Folds a decoded batch. @returns its dead letters, by offset */
  #take(batch: RecordBatch, decoded: DecodedBatch): readonly DeadLetter[] {
    this.#kind.take(batch, decoded);
    return decoded.deadLetters.sort((a, b) => Number(a.offset - b.offset));
  }
}
