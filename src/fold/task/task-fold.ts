import type { KeyRing } from '../../avro/pii/pii-envelope.ts';
import type { EventDefinition } from '../../event/event-definition.ts';
import type { RecordBatch, RecordHeader } from '../../log/record-batch.ts';
import type { RowSet, TableRows } from '../../projection/plan/row-set.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import type { ErrorCode } from '../../reprise-error.ts';
import type { ClockStart } from './clock-start.ts';

/** A record that could not be folded, with everything needed to inspect it and try it again. */
export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly reason: ErrorCode;
  readonly message: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
  /** True: refused by the owner's clock, so the refusal must be journaled for replay to agree. */
  readonly byClock: boolean;
}

/**
 * An event that came too late to count (`late: 'reject'`, patterns): stored, never dropped (law 5).
 */
export interface LateEvent {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly eventTimeMs: number;
  /** The watermark when it came. */
  readonly watermarkMs: number;
  /** The window that it belongs to; null: none. */
  readonly windowStartMs: number | null;
  readonly windowEndMs: number | null;
  /** The values of the key columns, in order, as text; null: unknown. */
  readonly key: readonly string[] | null;
  /** The record's value in the log. */
  readonly payload: Buffer | null;
}

/**
 * The preconditions of an emission: records, as far as they are known, and the passing of event
 * time. A version has decided on the emission once it has met all of them (ADR 0037).
 */
export interface Cause {
  readonly records: readonly { readonly topic: string; readonly offset: number }[];
  /**
   * The watermark that had to be reached; null: none, the last of the records was enough.
   * Milliseconds.
   */
  readonly dueMs: number | null;
}

/** An event to publish, because something closed or matched. */
export interface Emission {
  readonly event: EventDefinition;
  readonly value: unknown;
  /** Deterministic: the same whenever the same log is folded, in any version that emits it. */
  readonly id: string;
  /** Its event time: window end or match time; becomes the record timestamp. Milliseconds. */
  readonly timestampMs: number;
  readonly cause: Cause;
}

/**
 * Changes of one table: rows to upsert (or, in partial mode, to append) and keys (key columns only)
 * of rows to delete. No key is in two of them.
 */
export interface TableChange {
  readonly table: TablePlan;
  readonly rows: TableRows;
  /** Rows whose keys the table does not hold, besides `rows`; only with `separatesAdded`. */
  readonly added?: RowSet;
  readonly deleted: RowSet | null;
}

/** Everything that a flush writes. */
export interface FoldChanges {
  /** Changes by table, only of tables that changed. */
  readonly tables: readonly TableChange[];
  readonly lateEvents: readonly LateEvent[];
  /** Events to publish, in the order of their creation. */
  readonly emissions: readonly Emission[];
  /**
   * Records of earlier batches that were buffered until time passed, and then could not be folded:
   * without their bytes, which are in the log.
   */
  readonly deadLetters: readonly DeadLetter[];
}

/** A writer schema that a batch needs and that has not been resolved yet. */
export interface UnresolvedSchema {
  readonly event: EventDefinition;
  readonly schemaId: number;
}

/**
 * Rows of the task that the fold needs in memory before its first batch: those with `column` (a
 * timestamptz) later than `afterMs`; all without a column.
 */
export interface RowsAfter {
  readonly table: TablePlan;
  readonly column: string | null;
  readonly afterMs: number;
}

/** Stored rows that a batch will touch and memory lacks. */
export interface MissingRows {
  readonly table: TablePlan;
  /**
   * The first columns of the table's key (all of them, or fewer to get every row with this prefix),
   * one entry per requested key.
   */
  readonly keys: RowSet;
  /**
   * Only rows whose `column` (a timestamptz) is at or after `fromMs[i]`, per entry of `keys`; null:
   * no limit.
   */
  readonly bound: { readonly column: string; readonly fromMs: Float64Array } | null;
}

/** Where a fold starts, and the use of its changes. */
export interface TaskFoldOptions {
  /** Event times folded so far, from the checkpoint. */
  readonly clock: ClockStart;
  /**
   * `live`: memory is a cache of the tables; changes are whole rows, to be upserted. `partial`
   * (only if the plan's `rebuild` is `partial`): nothing is ever loaded; changes are partial rows
   * to be appended, and `takeChanges` empties the memory. The same key may be returned several
   * times; absorbing all its partial rows gives the whole row.
   */
  readonly mode: 'live' | 'partial';
  /**
   * False: no code is generated from text, for hosts that forbid it; slower, the same rows. Default
   * true.
   */
  readonly generatedCode?: boolean;
  /** True: the tables hold no row of this task, so none has to be loaded. Default false. */
  readonly startsEmpty?: boolean;
  /** True: rows that the table does not hold are returned apart if known. Default false. */
  readonly separatesAdded?: boolean;
  /** The data keys of a batch's `pii` values, available before it is folded. Default: none. */
  readonly keys?: KeyRing;
}

/**
 * Folds the record batches of one task into the rows of its tables. Synchronous, no I/O. Its only
 * clock is the given one, for the drift guard and processing time.
 *
 * Use per batch: 1 `unresolvedSchemas` → fetch them → `resolveSchema`; 2 `prepare` → load the rows
 * it names → `absorb`; 3 `apply`. To flush: 4 `takeChanges`, write, commit, then 5 `committed`.
 * After any failure between 1 and 5 discard the fold: memory is only a cache.
 */
export interface TaskFold {
  /** Returns what to load once, before the first batch (live only). Pass the rows to `absorb`. */
  preload(): readonly RowsAfter[];
  /** Returns writer schemas of the batch that are not known yet (a scan of the 5-byte headers). */
  unresolvedSchemas(batch: RecordBatch): readonly UnresolvedSchema[];
  /**
   * Sets a writer schema, or the error of an unavailable one: its records then fail with that
   * error.
   */
  resolveSchema(schemaId: number, schema: string | Error): void;
  /**
   * True if record `i` of a batch, with all schemas resolved, is not one of the events that the
   * plan names: it will be ignored.
   */
  isForeign(batch: RecordBatch, i: number): boolean;
  /**
   * Decodes and routes a batch. Returns what to load and absorb. Must be followed by `apply` of the
   * same batch.
   */
  prepare(batch: RecordBatch): readonly MissingRows[];
  /**
   * Merges whole or partial rows (all columns of the table) into memory, without marking them
   * changed in live mode.
   */
  absorb(table: TablePlan, rows: RowSet): void;
  /**
   * Folds the prepared batch and keeps no reference to its bytes and index: the caller may reuse
   * them. @returns records that could not be folded, by offset (the caller's policy decides what
   * happens to them)
   */
  apply(batch: RecordBatch): readonly DeadLetter[];
  /**
   * Records that the partition has been quiet for `quietMs` since its last event: watermark =
   * largest event time + quietMs − lateness.
   */
  tick(quietMs: number): void;
  /**
   * Returns the changes since the last call; in partial mode the rows are valid until `committed`.
   */
  takeChanges(): FoldChanges;
  /** Confirms that the returned changes are committed: closed state may be removed from memory. */
  committed(): void;
  readonly maxEventTimeMs: number | null;
  /** Never goes back; null before the first event. */
  readonly watermarkMs: number | null;
  /**
   * Number of events whose time counted: all except ignored records, tombstones and dead letters.
   */
  readonly eventCount: number;
  /**
   * Maximum lag of published records since the fold was created: how far their event times were
   * before the watermarks in their headers. Null: there were none. Milliseconds.
   */
  readonly publishedLagMs: number | null;
  /**
   * Number of events that came too late for their window, session or pattern: revised or rejected.
   */
  readonly lateCount: number;
  /** Number of rows and keys in memory, to limit a task's memory. */
  readonly rowCount: number;
  /**
   * Number of distinct keys in memory: those of its rows and states, and a limited number of
   * others.
   */
  readonly keyCount: number;
  /**
   * True if the passing of event time alone has an effect: a pattern decides; for other kinds,
   * whether anything waits (`stateSize`).
   */
  readonly awaitsTime: boolean;
  /**
   * Size of the state that waits for later events: open windows and sessions, keys with partial
   * matches or buffered events.
   */
  readonly stateSize: number;
}
