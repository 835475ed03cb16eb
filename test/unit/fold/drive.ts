import { createTaskFold } from '../../../src/fold/create-task-fold.ts';
import { ownRows } from '../../../src/fold/rows/packed-column.ts';
import type { ClockStart } from '../../../src/fold/task/clock-start.ts';
import type { DeadLetter, TaskFold } from '../../../src/fold/task/task-fold.ts';
import type { WindowedPlan } from '../../../src/projection/plan/plan.ts';
import type { RowSet } from '../../../src/projection/plan/row-set.ts';
import { spoilBatch } from '../../../src/testing/spoil-batch.ts';
import { batchOf, type Logged, SCHEMA_TEXT } from './readings.ts';
import { StoredTable } from './stored-table.ts';

/**
 * What happens after a batch, as the runner may do it: nothing; a flush; a flush whose process dies
 * before memory hears of it; a crash that loses what is not flushed.
 */
export type AfterBatch = 'go on' | 'flush' | 'flush and crash' | 'crash';

/** How a log is folded: the sizes of its batches, over and over, and what happens after each. */
export interface Course {
  readonly sizes: readonly number[];
  readonly after: readonly AfterBatch[];
}

export const atOnce: Course = { sizes: [Number.MAX_SAFE_INTEGER], after: ['flush'] };

/** Feeds one batch to a fold; what it misses is read from the table. */
export function feed(fold: TaskFold, records: readonly Logged[], table: StoredTable) {
  const batch = batchOf(records);
  for (const { schemaId } of fold.unresolvedSchemas(batch))
    fold.resolveSchema(schemaId, SCHEMA_TEXT);
  for (const missing of fold.prepare(batch)) fold.absorb(missing.table, table.load(missing.keys));
  const deadLetters = fold.apply(batch);
  spoilBatch(batch);
  return deadLetters;
}

/**
 * Folds a log live into a table, in batches, with crashes. @returns table, last fold and dead
 * letters, each once
 */
export function foldLive(plan: WindowedPlan, log: readonly Logged[], course: Course = atOnce) {
  const table = new StoredTable(plan.table);
  const deadLetters = new Map<bigint, DeadLetter>();
  let flushed = { next: 0, maxEventTimeMs: null as number | null };
  let fold = createTaskFold(plan, { clock: startingAt(null), mode: 'live' });
  let crashesLeft = 8;
  for (let from = 0, step = 0; from < log.length; step += 1) {
    const records = log.slice(from, from + (course.sizes[step % course.sizes.length] ?? 1));
    for (const letter of feed(fold, records, table)) deadLetters.set(letter.offset, letter);
    from += records.length;
    const after = course.after[step % course.after.length] ?? 'go on';
    if (after === 'flush' || after === 'flush and crash') {
      upsert(table, fold);
      flushed = { next: from, maxEventTimeMs: fold.maxEventTimeMs };
      if (after === 'flush') fold.committed();
    }
    if (after.endsWith('crash') && crashesLeft > 0) {
      crashesLeft -= 1;
      from = flushed.next;
      fold = createTaskFold(plan, { clock: startingAt(flushed.maxEventTimeMs), mode: 'live' });
      for (const wanted of fold.preload()) fold.absorb(wanted.table, table.after(wanted));
    }
  }
  upsert(table, fold);
  fold.committed();
  return { table, fold, deadLetters: [...deadLetters.values()] };
}

/** Folds a log for a rebuild: partial rows, taken after batches as the course has it. */
export function foldPartially(plan: WindowedPlan, log: readonly Logged[], course: Course) {
  const parts: RowSet[] = [];
  let fold = createTaskFold(plan, { clock: startingAt(null), mode: 'partial' });
  const nothing = new StoredTable(plan.table);
  for (let from = 0, step = 0; from < log.length; step += 1) {
    const records = log.slice(from, from + (course.sizes[step % course.sizes.length] ?? 1));
    feed(fold, records, nothing);
    from += records.length;
    const after = course.after[step % course.after.length] ?? 'go on';
    if (after !== 'go on') {
      parts.push(...changedRows(fold));
      fold.committed();
    }
    if (after.endsWith('crash')) {
      fold = createTaskFold(plan, { clock: startingAt(fold.maxEventTimeMs), mode: 'partial' });
    }
  }
  parts.push(...changedRows(fold));
  return parts;
}

/** Merges partial rows into whole ones. */
export function mergeParts(plan: WindowedPlan, parts: readonly RowSet[]): StoredTable {
  const fold = createTaskFold(plan, { clock: startingAt(null), mode: 'partial' });
  for (const part of parts) fold.absorb(plan.table, part);
  const table = new StoredTable(plan.table);
  upsert(table, fold);
  return table;
}

/** A clock that has seen events up to a time. */
export function startingAt(maxEventTimeMs: number | null): ClockStart {
  return { maxEventTimeMs, watermarkMs: null, nowMs: null };
}

/** The rows that changed. */
export function changedRows(fold: TaskFold): RowSet[] {
  return fold.takeChanges().tables.map(({ rows }) => ownRows(rows));
}

function upsert(table: StoredTable, fold: TaskFold): void {
  for (const rows of changedRows(fold)) table.upsert(rows);
}
