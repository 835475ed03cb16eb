import { createTaskFold } from '../fold/create-task-fold.ts';
import { ownRows } from '../fold/rows/packed-column.ts';
import { toRowSet } from '../fold/rows/to-column-values.ts';
import type { DeadLetter, Emission, LateEvent, TaskFold } from '../fold/task/task-fold.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import { splitBatch } from '../log/slice-batch.ts';
import type { Plan } from '../projection/plan/plan.ts';
import type { RowSet } from '../projection/plan/row-set.ts';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import { MemoryTable } from './memory-table.ts';

/** Returns the text of a writer schema. */
export type SchemaById = (schemaId: number) => string;

/** One task as the runner keeps it, with tables in memory: fold, flush, crash, restart. */
export class MemoryTask {
  readonly tables: ReadonlyMap<string, MemoryTable>;
  readonly lateEvents: LateEvent[] = [];
  readonly emissions: Emission[] = [];
  readonly deadLetters: DeadLetter[] = [];
  readonly #plan: Plan;
  readonly #mode: 'live' | 'partial';
  readonly #schemaById: SchemaById;
  /** Partial rows of a rebuild, merged when read. */
  readonly #partials: { readonly table: TablePlan; readonly rows: RowSet }[] = [];
  #unflushed: DeadLetter[] = [];
  /** Next offset in memory and in the tables, by topic. */
  #nextOffsets = new Map<string, number>();
  #storedOffsets = new Map<string, number>();
  #stored: { maxEventTimeMs: number | null; watermarkMs: number | null } = {
    maxEventTimeMs: null,
    watermarkMs: null,
  };
  fold: TaskFold;

  constructor(plan: Plan, mode: 'live' | 'partial', schemaById: SchemaById) {
    this.#plan = plan;
    this.#mode = mode;
    this.#schemaById = schemaById;
    this.tables = new Map(plan.tables.map((table) => [table.name, new MemoryTable(table)]));
    this.fold = this.#open();
  }

  /**
   * Folds a batch. Skips the part that was already folded, as the runner does when a batch is
   * delivered again.
   */
  foldBatch(delivered: RecordBatch): void {
    const next = this.#nextOffsets.get(delivered.topic) ?? 0;
    if (delivered.nextOffset <= next) return;
    const batch = delivered.firstOffset < next ? splitBatch(delivered, next)[1] : delivered;
    this.#nextOffsets.set(batch.topic, batch.nextOffset);
    for (const { schemaId } of this.fold.unresolvedSchemas(batch)) {
      this.fold.resolveSchema(schemaId, this.#schemaById(schemaId));
    }
    for (const missing of this.fold.prepare(batch)) {
      this.fold.absorb(missing.table, this.#table(missing.table).load(missing));
    }
    this.#unflushed.push(...this.fold.apply(batch));
  }

  flush(): void {
    const changes = this.fold.takeChanges();
    this.#unflushed.push(...changes.deadLetters);
    for (const { table, rows, added, deleted } of changes.tables) {
      if (this.#mode === 'partial') this.#partials.push({ table, rows: ownRows(rows) });
      else {
        if (deleted !== null) this.#table(table).delete(deleted);
        this.#table(table).upsert(ownRows(rows));
        if (added !== undefined) this.#table(table).add(added);
      }
    }
    this.lateEvents.push(...changes.lateEvents);
    this.emissions.push(...changes.emissions);
    this.deadLetters.push(...this.#unflushed);
    this.#unflushed = [];
    const { maxEventTimeMs, watermarkMs } = this.fold;
    this.#stored = { maxEventTimeMs, watermarkMs };
    this.#storedOffsets = new Map(this.#nextOffsets);
    this.fold.committed();
  }

  /** Discards memory, as a crash does, and resumes from the tables. */
  restart(): void {
    this.#unflushed = [];
    this.#nextOffsets = new Map(this.#storedOffsets);
    this.fold = this.#open();
  }

  /** Returns all rows of a table, with partial rows merged. */
  rowsOf(table: TablePlan): RowSet {
    if (this.#mode === 'live') return this.#table(table).all();
    const parts = this.#partials.filter((part) => part.table === table).map(({ rows }) => rows);
    return mergeRows(this.#plan, table, parts);
  }

  #open(): TaskFold {
    const clock = { ...this.#stored, nowMs: null };
    const fold = createTaskFold(this.#plan, {
      clock,
      mode: this.#mode,
      startsEmpty: this.#storedOffsets.size === 0,
      separatesAdded: true,
    });
    for (const wanted of fold.preload()) {
      fold.absorb(wanted.table, this.#table(wanted.table).after(wanted));
    }
    return fold;
  }

  #table({ name }: TablePlan): MemoryTable {
    const table = this.tables.get(name);
    if (table === undefined) throw new TypeError(`no table ${name}`);
    return table;
  }
}

/** Merges partial rows, or the rows of several partitions, by the aggregates' own merge. */
export function mergeRows(plan: Plan, table: TablePlan, parts: readonly RowSet[]): RowSet {
  const clock = { maxEventTimeMs: null, watermarkMs: null, nowMs: null };
  const fold = createTaskFold(plan, { clock, mode: 'partial' });
  for (const part of parts) if (part.count > 0) fold.absorb(table, part);
  const found = fold.takeChanges().tables.find((change) => change.table === table);
  return found === undefined ? toRowSet(table.columns, []) : ownRows(found.rows);
}
