import type { KeyRing } from '../../avro/pii/pii-envelope.ts';
import type { EventDefinition } from '../../event/event-definition.ts';
import type { RecordBatch, RecordHeader } from '../../log/record-batch.ts';
import type { RowSet, TableRows } from '../../projection/plan/row-set.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import type { ErrorCode } from '../../reprise-error.ts';
import type { ClockStart } from './clock-start.ts';

/** A record that could not be folded, with everything needed to look at it and try it again. */
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
 * An event that came too late to count (`late: 'reject'`, patterns): kept, never dropped (law 5).
 */
export interface LateEvent {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly eventTimeMs: number;
  /** The watermark it was too late for. */
  readonly watermarkMs: number;
  /** The window it would have fallen into; null where there is none to name. */
  readonly windowStartMs: number | null;
  readonly windowEndMs: number | null;
  /** The values of the key columns, in order, as text; null: unknown. */
  readonly key: readonly string[] | null;
  /** The record's value as it lies in the log. */
  readonly payload: Buffer | null;
}

/**
 * What had to happen before an emission could come about: records, whichever of them are known, and
 * the passing of event time. A version has decided on it once it has met all of them (ADR 0037).
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
  /**
   * Event time it stands for: window end, match time; becomes the record timestamp. Milliseconds.
   */
  readonly timestampMs: number;
  readonly cause: Cause;
}

/**
 * Changes of one table: rows to upsert (or, in partial mode, to append) and keys (key columns only)
 * whose rows go. No key is in both.
 */
export interface TableChange {
  readonly table: TablePlan;
  readonly rows: TableRows;
  readonly deleted: RowSet | null;
}

/** Everything that a flush has to write. */
export interface FoldChanges {
  /** Only tables that changed. */
  readonly tables: readonly TableChange[];
  readonly lateEvents: readonly LateEvent[];
  /** In the order they came about. */
  readonly emissions: readonly Emission[];
  /**
   * Records of earlier batches that were held until time passed, and then could not be folded:
   * without their bytes, which are in the log.
   */
  readonly deadLetters: readonly DeadLetter[];
}

/** A writer schema that a batch needs and the fold has not been given yet. */
export interface UnresolvedSchema {
  readonly event: EventDefinition;
  readonly schemaId: number;
}

/**
 * Rows of the task that the fold wants in memory before its first batch: with `column` (a
 * timestamptz) later than `afterMs`, or, without a column, all.
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
   * The first columns of the table's key (all of them, or fewer to get every row that begins so),
   * one entry per key wanted.
   */
  readonly keys: RowSet;
  /**
   * Only rows whose `column` (a timestamptz) is at or after `fromMs[i]`, per entry of `keys`; null:
   * no such bound.
   */
  readonly bound: { readonly column: string; readonly fromMs: Float64Array } | null;
}

/** Where a fold begins, and what its changes are for. */
export interface TaskFoldOptions {
  /** Event times folded so far, from the checkpoint. */
  readonly clock: ClockStart;
  /**
   * `live`: memory is a cache of the tables; changes are whole rows, to be upserted. `partial`
   * (only where the plan's `rebuild` is `partial`): nothing is ever loaded; changes are partial
   * rows to be appended, and `takeChanges` empties the memory. The same key may leave several
   * times; absorbing all its partial rows gives the whole row.
   */
  readonly mode: 'live' | 'partial';
  /**
   * False: no code is made from text, as a host's policy may ask; slower, the same rows. Default
   * true.
   */
  readonly generatedCode?: boolean;
  /** The data keys of a batch's `pii` values, at hand before it is folded. Default: none. */
  readonly keys?: KeyRing;
}

/**
 * Folds the record batches of one task into the rows of its tables. Synchronous, no I/O; the only
 * clock is the one it is given, for the drift guard and processing time.
 *
 * Use per batch: 1 `unresolvedSchemas` → fetch them → `resolveSchema`; 2 `prepare` → load the rows
 * it names → `absorb`; 3 `apply`. When it is time to flush: 4 `takeChanges`, write, commit, then 5
 * `committed`. After any failure between 1 and 5 throw the fold away: memory is only a cache.
 */
export interface TaskFold {
  /** What to load once, before the first batch (live only). Give the rows to `absorb`. */
  preload(): readonly RowsAfter[];
  /** Writer schemas of the batch that are not known yet (a scan of the 5-byte headers). */
  unresolvedSchemas(batch: RecordBatch): readonly UnresolvedSchema[];
  /**
   * Gives a writer schema, or the reason why there is none: its records then become failures with
   * that error.
   */
  resolveSchema(schemaId: number, schema: string | Error): void;
  /**
   * Whether record `i` of a batch, of which all schemas were resolved, is none of the events that
   * the plan names: it will be passed over.
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
   * Folds the prepared batch, of whose bytes and index nothing is kept: they are the caller's
   * again. @returns records that could not be folded, by offset (the caller's policy decides what
   * becomes of them)
   */
  apply(batch: RecordBatch): readonly DeadLetter[];
  /**
   * The partition has been quiet for `quietMs` since its last event: watermark = largest event time
   * + quietMs − lateness.
   */
  tick(quietMs: number): void;
  /** What changed since the last call; in partial mode the rows hold until `committed`. */
  takeChanges(): FoldChanges;
  /** Tells that the changes taken are committed: what is closed may leave the memory. */
  committed(): void;
  readonly maxEventTimeMs: number | null;
  /** Never goes back; null before the first event. */
  readonly watermarkMs: number | null;
  /** Events so far whose time counted: all but those passed over, tombstones and dead letters. */
  readonly eventCount: number;
  /**
   * How far event times lay before what relays said of published records, at most, since the fold
   * was made; null: it has met none. Milliseconds.
   */
  readonly publishedLagMs: number | null;
  /** Events so far that came too late for their window, session or pattern: revised or rejected. */
  readonly lateCount: number;
  /** Rows and keys in memory: bounds what a task may hold. */
  readonly rowCount: number;
  /**
   * Distinct keys that memory remembers: those of its rows and states, and a bounded number of
   * others.
   */
  readonly keyCount: number;
  /**
   * Whether the passing of event time alone makes something happen: a pattern decides. Default:
   * whether anything waits (`stateSize`).
   */
  readonly awaitsTime?: boolean;
  /**
   * What still waits for the future: open windows and sessions, keys with partial matches or events
   * held back.
   */
  readonly stateSize: number;
}
