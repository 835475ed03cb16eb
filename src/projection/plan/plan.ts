import type { EventDefinition } from '../../event/event-definition.ts';
import type { FieldType } from '../../event/field-type.ts';
import type { ErrorPolicies, ErrorPolicy } from './error-policy.ts';
import type { FilterPlan } from './filter-plan.ts';
import type { PatternElement, SkipPlan } from './pattern-element.ts';
import type { PlanShape } from './shape-format.ts';
import type { TablePlan } from './table-plan.ts';
import type { WindowPlan } from './window-plan.ts';

/**
 * The executable form of a projection: data, so that it can be printed, compared and fingerprinted.
 * Made by `compileProjection`.
 */
export type Plan = WindowedPlan | SessionPlan | PatternPlan | KeyedTablePlan;

/** What the plans of all kinds have in common. */
export interface PlanBase {
  readonly name: string;
  readonly version: number;
  /**
   * What decides over the rows, as plain data: what is compared with what a version was built from.
   */
  readonly shape: PlanShape;
  /** SHA-256 of the shape. */
  readonly fingerprint: string;
  /**
   * Names from outside that the functions use, a line for each function; their values are not part
   * of the shape.
   */
  readonly captures: readonly string[];
  /** The kinds of events folded; several may lie on one topic. */
  readonly sources: readonly SourcePlan[];
  readonly keys: readonly KeyPlan[];
  readonly latenessMs: number;
  readonly late: 'revise' | 'reject';
  readonly maxDriftMs: number;
  /**
   * After this time without events of a partition (wall clock), its owner advances the watermark by
   * the clock; null: never.
   */
  readonly idleMs: number | null;
  /** The table behind the stable view: `tables[0]`. */
  readonly table: TablePlan;
  /** Every table of a version: read models and hidden state. */
  readonly tables: readonly TablePlan[];
  readonly emissions: readonly EmissionPlan[];
  /**
   * How a rebuild writes: `partial`: partial rows, appended and merged at the end; `live`: as a
   * live task does, in log order.
   */
  readonly rebuild: 'partial' | 'live';
  /**
   * What the class says of records that cannot be folded; null: nothing, the configuration decides.
   */
  readonly onError: Readonly<Record<keyof ErrorPolicies, ErrorPolicy | null>>;
  /** False: results depend on the clock of the process (processing time); `rebuild` is refused. */
  readonly replayable: boolean;
}

/** Metrics per key and window. */
export interface WindowedPlan extends PlanBase, MeasuresPlan {
  readonly kind: 'windowed';
  readonly window: WindowPlan;
  /** `update`: rows are shown as events arrive; `onClose`: once their window is closed. */
  readonly emit: 'update' | 'onClose';
  /** The key does not contain the record key: rows of several partitions are merged when read. */
  readonly mergedAtRead: boolean;
}

/** Runs of events of one key that are no further apart than a gap. */
export interface SessionPlan extends PlanBase, MeasuresPlan {
  readonly kind: 'session';
  readonly gap: GapPlan;
  /** A session is split at the first event further than this from its first; null: never. */
  readonly maxLengthMs: number | null;
}

/**
 * How long after an event its session stays open: milliseconds, or a pure function of the event
 * giving them; `written` is the user's, by which it is compared.
 */
export type GapPlan =
  | { readonly kind: 'fixed'; readonly gapMs: number }
  | {
      readonly kind: 'dynamic';
      readonly gapMs: (event: never) => number;
      readonly written: string;
    };

/** Sequences of events of one key. */
export interface PatternPlan extends PlanBase {
  readonly kind: 'pattern';
  readonly pattern: readonly PatternElement[];
  /** First to last event, strictly less; null: unbounded. */
  readonly withinMs: number | null;
  /** Between neighbouring events; null: unbounded. */
  readonly withinStepsMs: number | null;
  readonly skip: SkipPlan;
  readonly maxRunsPerKey: number;
  /** The columns of a match row beyond key, match_id, matched_at and positions, from the match. */
  readonly row: ((match: never) => Readonly<Record<string, unknown>>) | null;
  /** Whether partial matches that time out leave a row. */
  readonly keepsTimeouts: boolean;
}

/** Rows by key, made by reducers in log order. */
export interface KeyedTablePlan extends PlanBase {
  readonly kind: 'table';
  /** What becomes of an event, per table and event; in the order declared. */
  readonly handlers: readonly HandlerPlan[];
  /**
   * Declared by the user: the topics have one partition, so rows may be found by keys that do not
   * contain the record key.
   */
  readonly onePartition: boolean;
  /** What tombstones do, by table. Tables without an entry refuse them; absent: all do. */
  readonly tombstones?: readonly TombstonePlan[];
}

/**
 * What a tombstone does to a table (an index in `plan.tables`): nothing, delete the row of its
 * record key, or what a pure function makes of that row.
 */
export type TombstonePlan =
  | { readonly table: number; readonly kind: 'ignore' | 'delete' }
  | {
      readonly table: number;
      readonly kind: 'handler';
      readonly reduce: (row: unknown, context: never) => unknown;
    };

/** One reducer: `rows[tables[table]]` at the event's keys become what `reduce` says. */
export interface HandlerPlan {
  /** Index in `plan.tables`. */
  readonly table: number;
  /** Index in `plan.sources`. */
  readonly source: number;
  /**
   * The primary-key values of the rows an event touches, in the order of the table's key columns:
   * by fields, or by a pure function that fans out.
   */
  readonly keys: HandlerKeys;
  /** Rows of other tables of the projection that the reducer may look into. */
  readonly lookups: readonly LookupPlan[];
  /**
   * `row` undefined: there is none yet; null deletes; the same row, or undefined where there is
   * none, changes nothing.
   */
  readonly reduce: (row: unknown, event: never, context: never) => unknown;
}

/** Where a handler's rows are. */
export type HandlerKeys =
  | { readonly kind: 'fields'; readonly fields: readonly string[] }
  | {
      readonly kind: 'function';
      readonly keysOf: (event: never) => readonly unknown[];
      /**
       * The record key that every key must contain, so that its row belongs to this partition;
       * null: nothing to check.
       */
      readonly within: RecordKeyPlace | null;
    };

/**
 * The record key inside a primary key: the event's field, and which key column holds it (an index;
 * null: any of them).
 */
export interface RecordKeyPlace {
  readonly field: string;
  readonly column: number | null;
}

/**
 * A named look into a table of the same projection, by fields of the event; where one of them is
 * null there is no row.
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
  /** What the event time is. */
  readonly time: TimePlan;
  /** All must hold; empty: every event. Events that do not pass still move the watermark. */
  readonly where: readonly FilterPlan[];
  /**
   * The fields that the decoder must materialise as columns, in the order of the fold's columns.
   */
  readonly fields: readonly string[];
  /**
   * Tombstones of the topic are dead letters (TOMBSTONE). Absent: they are passed over, or a table
   * says what they do.
   */
  readonly refusesTombstones?: true;
  /**
   * All fields read: those, and what functions mention of whole events. Undefined: functions may
   * read any.
   */
  readonly reads?: readonly string[];
}

/**
 * A field of the event; the record's timestamp (ingestion time, where the broker sets it); or the
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
 * An event published because a window or session closed, a closed one was revised, a pattern
 * matched or timed out. `make` is pure; null: none this time.
 */
export interface EmissionPlan {
  readonly on: 'close' | 'revise' | 'match' | 'timeout';
  readonly event: EventDefinition;
  readonly make: (subject: never) => unknown;
}

/** What is kept of the events of a window or session. */
export interface MeasuresPlan {
  /** State kept per row. Measures that need the same state share it. */
  readonly accumulators: readonly AccumulatorPlan[];
  readonly measures: readonly MeasurePlan[];
  /** Which events an accumulator takes; `AccumulatorPlan.filter` is an index in here. */
  readonly measureFilters: readonly MeasureFilterPlan[];
}

/**
 * Events that a measure takes: of one kind (index in `sources`; null: all), that meet all of
 * `where`.
 */
export interface MeasureFilterPlan {
  readonly source: number | null;
  readonly where: readonly FilterPlan[];
}

/**
 * What is kept per row to go on folding, each in columns of the table:
 * - `count`: events, or, with `field`, those whose field is not null;
 * - `sumDouble`: an exact sum as `hi` (the sum, rounded once), `lo` and `rest` (what rounding
 *   left over);
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

/** State that is kept as an object: which aggregate's, and its parameters. */
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

/** The aggregates there are. */
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
 * A declared measure. Where its column is not an accumulator's own, it is computed when the row is
 * written.
 */
export interface MeasurePlan {
  readonly name: string;
  readonly column: string;
  readonly aggregate: AggregateName;
  readonly field: string | null;
  /** Index in `measureFilters`; null: every event of the row. */
  readonly filter: number | null;
  /**
   * Column of the `object` accumulator it is computed from; null: computed from others, or an
   * accumulator's own.
   */
  readonly state: string | null;
  /** Of the aggregate itself: `q`, `k`; zScore: `min`. */
  readonly parameters: Readonly<Record<string, number>>;
  /** The column that says whether the value is exact; null: it always is. */
  readonly exactColumn: string | null;
  /** zScore: the column of the measure it judges. */
  readonly of: string | null;
}
