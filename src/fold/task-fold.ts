import type { EventDefinition } from '../event/event-definition.ts';
import type { RecordBatch, RecordHeader } from '../log/record-batch.ts';
import type { RowSet } from '../projection/row-set.ts';
import type { ErrorCode } from '../reprise-error.ts';

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
}

/** A writer schema that a batch needs and the fold has not been given yet. */
export interface UnresolvedSchema {
  readonly event: EventDefinition;
  readonly schemaId: number;
}

/** Rows of the task with `column` (a timestamptz) later than `afterMs`: what the fold wants in memory before its first batch. */
export interface RowsAfter {
  readonly column: string;
  readonly afterMs: number;
}

/** Where a fold begins, and what its changes are for. */
export interface TaskFoldOptions {
  /** Largest event time folded so far, from the checkpoint; null: none yet. */
  readonly maxEventTimeMs: number | null;
  /**
   * `live`: memory is a cache of the table; changes are whole rows, to be upserted.
   * `partial`: nothing is ever loaded; changes are partial rows to be appended, and `takeChanges` empties the memory. The same key may leave several
   * times; absorbing all its partial rows gives the whole row.
   */
  readonly mode: 'live' | 'partial';
}

/**
 * Folds the record batches of one task into the rows of its read-model table. Synchronous, no I/O, no clock.
 *
 * Use per batch: 1 `unresolvedSchemas` → fetch them → `resolveSchema`; 2 `prepare` → load the rows it names → `absorb`; 3 `apply`. When it is time
 * to flush: 4 `takeChanges`, write, commit, then 5 `committed`. After any failure between 1 and 5 throw the fold away: memory is only a cache.
 */
export interface TaskFold {
  /** What to load once, before the first batch (live only); null: nothing. Give the rows to `absorb`. */
  preload(): RowsAfter | null;
  /** Writer schemas of the batch that are not known yet (a scan of the 5-byte headers). */
  unresolvedSchemas(batch: RecordBatch): readonly UnresolvedSchema[];
  /** Gives a writer schema, or the reason why there is none: its records then become failures with that error. */
  resolveSchema(schemaId: number, schema: string | Error): void;
  /** Decodes and routes a batch. Returns the keys (key columns only) of stored rows it will touch and memory lacks, or null. Must be followed by `apply` of the same batch. */
  prepare(batch: RecordBatch): RowSet | null;
  /** Merges whole or partial rows (all columns of the table plan) into memory, without marking them changed in live mode. */
  absorb(rows: RowSet): void;
  /** Accumulates the prepared batch. @returns records that could not be folded, by offset (the caller's policy decides what becomes of them) */
  apply(batch: RecordBatch): readonly DeadLetter[];
  /** Rows changed since the last call, with unique keys. */
  takeChanges(): RowSet;
  /** Tells that the changes taken are committed: rows of closed windows may leave the memory. */
  committed(): void;
  readonly maxEventTimeMs: number | null;
  /** Largest event time seen minus lateness; null before the first event. */
  readonly watermarkMs: number | null;
  /** Events so far whose window was already closed when they arrived. */
  readonly lateEvents: number;
  /** Rows in memory. */
  readonly rowCount: number;
  /** Rows changed since the last `takeChanges`. */
  readonly changedCount: number;
}
