import type { EventDefinition } from '../../event/event-definition.ts';
import type { FieldType } from '../../event/field-type.ts';
import type { ErrorPolicies, ErrorPolicy } from './error-policy.ts';
import type { FilterPlan } from './filter-plan.ts';
import type { PatternElement, SkipPlan } from './pattern-element.ts';
import type { PlanShape } from './shape-format.ts';
import type { TablePlan } from './table-plan.ts';
import type { WindowPlan } from './window-plan.ts';

/**
 * The executable form of a projection: plain data that can be printed, compared and fingerprinted.
 * Created by `compileProjection`.
 */
export type Plan = WindowedPlan | SessionPlan | PatternPlan | KeyedTablePlan;

/** The properties that plans of all kinds have. */
export interface PlanBase {
  readonly name: string;
  readonly version: number;
  /**
   * The part that determines the rows, as plain data. Compared with the shape that a version was
   * built from.
   */
  readonly shape: PlanShape;
  /** SHA-256 of the shape. */
  readonly fingerprint: string;
  /**
   * Outer names that the functions use, one line for each function. Their values are not part of
   * the shape.
   */
  readonly captures: readonly string[];
  /** The kinds of events folded; several may be on one topic. */
  readonly sources: readonly SourcePlan[];
  readonly keys: readonly KeyPlan[];
  readonly latenessMs: number;
  readonly late: 'revise' | 'reject';
  readonly maxDriftMs: number;
  /**
   * If a partition has no new events for this long (wall clock), its owner advances the watermark
   * by the clock; null: never.
   */
  readonly idleMs: number | null;
  /** The table behind the stable view: `tables[0]`. */
  readonly table: TablePlan;
  /** Every table of a version: read models and hidden state. */
  readonly tables: readonly TablePlan[];
  readonly emissions: readonly EmissionPlan[];
  /**
   * How a rebuild writes. `partial`: it appends partial rows and merges them at the end. `live`: in
   * log order, as a live task does.
   */
  readonly rebuild: 'partial' | 'live';
  /** The class's policies for records that cannot be folded; null: the configuration decides. */
  readonly onError: Readonly<Record<keyof ErrorPolicies, ErrorPolicy | null>>;
  /**
   * False: results depend on the clock of the process (processing time), so `rebuild` is refused.
   */
  readonly replayable: boolean;
}

/** Plan of a windowed projection: metrics per key and window. */
export interface WindowedPlan extends PlanBase, MeasuresPlan {
  readonly kind: 'windowed';
  readonly window: WindowPlan;
  /** `update`: rows are visible as events arrive; `onClose`: once their window is closed. */
  readonly emit: 'update' | 'onClose';
  /**
   * True if the key does not contain the record key: rows of several partitions are merged when
   * read.
   */
  readonly mergedAtRead: boolean;
}

/** Plan of a session projection: runs of events of one key that are at most a gap apart. */
export interface SessionPlan extends PlanBase, MeasuresPlan {
  readonly kind: 'session';
  readonly gap: GapPlan;
  /**
   * A session is split at the first event that is further than this from its first event; null:
   * never.
   */
  readonly maxLengthMs: number | null;
}

/**
 * How long a session stays open after an event: milliseconds, or a pure function from the event to
 * milliseconds. `written`: the user's function, which is compared.
 */
export type GapPlan =
  | { readonly kind: 'fixed'; readonly gapMs: number }
  | {
      readonly kind: 'dynamic';
      readonly gapMs: (event: never) => number;
      readonly written: string;
    };

/** Plan of a pattern projection: sequences of events of one key. */
export interface PatternPlan extends PlanBase {
  readonly kind: 'pattern';
  readonly pattern: readonly PatternElement[];
  /** Limit from first to last event, strictly less; null: unlimited. */
  readonly withinMs: number | null;
  /** Limit between neighbouring events; null: unlimited. */
  readonly withinStepsMs: number | null;
  readonly skip: SkipPlan;
  readonly maxRunsPerKey: number;
  /** Returns the columns of a match row beyond key, match_id, matched_at and positions. */
  readonly row: ((match: never) => Readonly<Record<string, unknown>>) | null;
  /** True if partial matches that time out leave a row. */
  readonly keepsTimeouts: boolean;
}

/** Plan of a table projection: rows by key, computed by reducers in log order. */
export interface KeyedTablePlan extends PlanBase {
  readonly kind: 'table';
  /** The handlers, per table and event, in the order declared. */
  readonly handlers: readonly HandlerPlan[];
  /**
   * Declared by the user: the topics have one partition, so rows may be found by keys that do not
   * contain the record key.
   */
  readonly onePartition: boolean;
  /** What tombstones do, by table. Tables without an entry refuse them; absent: all tables do. */
  readonly tombstones?: readonly TombstonePlan[];
}

/**
 * What a tombstone does to a table (an index in `plan.tables`): nothing, delete the row of its
 * record key, or replace that row by the result of a pure function.
 */
export type TombstonePlan =
  | { readonly table: number; readonly kind: 'ignore' | 'delete' }
  | {
      readonly table: number;
      readonly kind: 'handler';
      readonly reduce: (row: unknown, context: never) => unknown;
    };

/**
 * One reducer: rows of table `table` at the event's keys are replaced by the result of `reduce`.
 */
export interface HandlerPlan {
  /** Index in `plan.tables`. */
  readonly table: number;
  /** Index in `plan.sources`. */
  readonly source: number;
  /**
   * The primary keys of the rows that an event touches, in the order of the table's key columns: by
   * fields, or by a pure function that returns several.
   */
  readonly keys: HandlerKeys;
  /** Rows of other tables of the projection that the reducer may read. */
  readonly lookups: readonly LookupPlan[];
  /**
   * `row` undefined: there is no row yet. Returning null deletes the row; returning the same row,
   * or undefined if there was none, changes nothing.
   */
  readonly reduce: (row: unknown, event: never, context: never) => unknown;
}

/** How the rows of a handler are found. */
export type HandlerKeys =
  | { readonly kind: 'fields'; readonly fields: readonly string[] }
  | {
      readonly kind: 'function';
      readonly keysOf: (event: never) => readonly unknown[];
      /**
       * The record key that every key must contain, so that its row belongs to this partition;
       * null: no check.
       */
      readonly within: RecordKeyPosition | null;
    };

/**
 * Position of the record key inside a primary key: the event's field, and the index of the key
 * column that holds it (null: any of them).
 */
export interface RecordKeyPosition {
  readonly field: string;
  readonly column: number | null;
}

/**
 * A named lookup in a table of the same projection, by fields of the event. If one of them is null
 * there is no row.
 */
export interface LookupPlan {
  readonly name: string;
  /** Index in `plan.tables`. */
  readonly table: number;
  readonly fields: readonly string[];
}

/** One kind of event that the projection folds. */
export interface SourcePlan {
  readonly event: EventDefinition;
  /** The event time. */
  readonly time: TimePlan;
  /** All must hold; empty: every event. Events that are filtered out still move the watermark. */
  readonly where: readonly FilterPlan[];
  /** The fields that the decoder must decode into columns, in the order of the fold's columns. */
  readonly fields: readonly string[];
  /**
   * True: tombstones of the topic become dead letters (TOMBSTONE). Absent: they are ignored, or a
   * table decides.
   */
  readonly refusesTombstones?: true;
  /**
   * All fields read, including those that functions mention. Undefined: functions may read any
   * field.
   */
  readonly reads?: readonly string[];
}

/**
 * A field of the event; the record's timestamp (ingestion time, if the broker sets it); or the
 * clock of the process when it folds the record.
 */
export type TimePlan =
  | { readonly kind: 'field'; readonly field: string }
  | { readonly kind: 'record' }
  | { readonly kind: 'processing' };

/** One part of the key and its column. */
export interface KeyPlan {
  readonly field: string;
  readonly column: string;
  readonly type: FieldType;
}

/**
 * An event that is published because a window or session closed, a closed one was revised, or a
 * pattern matched or timed out. `make` is pure; null: no event.
 */
export interface EmissionPlan {
  readonly on: 'close' | 'revise' | 'match' | 'timeout';
  readonly event: EventDefinition;
  readonly make: (subject: never) => unknown;
}

/** The state and columns of a window or session. */
export interface MeasuresPlan {
  /** State kept per row. Measures that need the same state share it. */
  readonly accumulators: readonly AccumulatorPlan[];
  readonly measures: readonly MeasurePlan[];
  /** Filters of accumulators; `AccumulatorPlan.filter` is an index in this list. */
  readonly measureFilters: readonly MeasureFilterPlan[];
}

/**
 * The events that a measure takes: of one kind (index in `sources`; null: all), and meeting all of
 * `where`.
 */
export interface MeasureFilterPlan {
  readonly source: number | null;
  readonly where: readonly FilterPlan[];
}

/**
 * State of a row that the fold needs to continue, each in columns of the table:
 * - `count`: number of events or, with `field`, of those whose field is not null;
 * - `sumDouble`: an exact sum as `hi` (the sum, rounded once), `lo` and `rest` (the rounding
 *   remainders);
 * - `sumInteger`: an exact integer sum (longs, unscaled decimals);
 * - `min`, `max`: the extreme value;
 * - `object`: the state of any other aggregate, as JSON text in a hidden column. Sums and
 *   extremes are NULL while the count of their values is 0. `filter`: index in `measureFilters`;
 *   null: every event of the row.
 */
export type AccumulatorPlan = { readonly filter: number | null } & (
  | { readonly kind: 'count'; readonly field: string | null; readonly column: string }
  | {
      readonly kind: 'sumDouble';
      readonly field: string;
      readonly hi: string;
      readonly lo: string;
      readonly rest: string;
    }
  | { readonly kind: 'sumInteger'; readonly field: string; readonly column: string }
  | { readonly kind: 'min' | 'max'; readonly field: string; readonly column: string }
  | {
      readonly kind: 'object';
      readonly field: string | null;
      readonly column: string;
      readonly state: StatePlan;
    }
);

/** State that is kept as an object: its aggregate and parameters. */
export type StatePlan =
  | { readonly kind: 'first' | 'last' }
  | { readonly kind: 'collect'; readonly n: number }
  | { readonly kind: 'distinct'; readonly exactUpTo: number }
  | { readonly kind: 'top'; readonly distinctUpTo: number }
  | { readonly kind: 'sketch'; readonly relativeError: number }
  | { readonly kind: 'moments' }
  | {
      readonly kind: 'user';
      readonly zero: unknown;
      readonly add: (state: unknown, event: unknown) => unknown;
      readonly merge: (a: unknown, b: unknown) => unknown;
      readonly result: (state: unknown) => unknown;
    };

/** Names of the aggregates. */
export type AggregateName =
  | 'count'
  | 'sum'
  | 'avg'
  | 'min'
  | 'max'
  | 'first'
  | 'last'
  | 'countDistinct'
  | 'quantile'
  | 'topK'
  | 'collect'
  | 'variance'
  | 'stddev'
  | 'user'
  | 'zScore';

/**
 * A declared measure. If its column is not an accumulator's own, its value is computed when the row
 * is written.
 */
export interface MeasurePlan {
  readonly name: string;
  readonly column: string;
  readonly aggregate: AggregateName;
  readonly field: string | null;
  /** Index in `measureFilters`; null: every event of the row. */
  readonly filter: number | null;
  /**
   * Column of the `object` accumulator that it is computed from; null: computed from others, or an
   * accumulator's own.
   */
  readonly state: string | null;
  /** Parameters of the aggregate: `q`, `k`; zScore: `min`. */
  readonly parameters: Readonly<Record<string, number>>;
  /** The column that tells whether the value is exact; null: it always is. */
  readonly exactColumn: string | null;
  /** zScore: the column of the measure that it scores. */
  readonly of: string | null;
}
