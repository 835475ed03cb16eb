import type { RecordBatch } from '../../log/record-batch.ts';
import type { HandlerKeys, HandlerPlan, KeyedTablePlan } from '../../projection/plan.ts';
import type { RowSet } from '../../projection/row-set.ts';
import type { TablePlan } from '../../projection/table-plan.ts';
import { valueFault } from '../column-values.ts';
import { EventClock } from '../event-clock.ts';
import { RecordTimes } from '../record-times.ts';
import type {
  DeadLetter,
  FoldChanges,
  MissingRows,
  RowsAfter,
  TableChange,
  TaskFold,
  TaskFoldOptions,
  UnresolvedSchema,
} from '../task-fold.ts';
import type { DecodedBatch, SourcePart } from '../topic-batch.ts';
import { deadLetterAt, TopicBatches } from '../topic-batch.ts';
import type { TableKey } from './keyed-rows.ts';
import { KeyedRows } from './keyed-rows.ts';

/** What one record asks of the tables: per handler, its event and the rows it touches. */
interface Work {
  readonly i: number;
  readonly part: SourcePart;
  readonly j: number;
  readonly event: unknown;
  readonly steps: readonly {
    readonly handler: HandlerPlan;
    readonly keys: readonly TableKey[];
    readonly looked: readonly TableKey[];
  }[];
}

/**
 * Folds a table plan: events in log order through the handlers, each record wholly or not at all. Rows are kept as plain frozen objects; those that a batch
 * touches and memory lacks are asked for by `prepare`.
 */
export class TableFold implements TaskFold {
  readonly #plan: KeyedTablePlan;
  readonly #topics: TopicBatches;
  readonly #clock: EventClock;
  readonly #times = new RecordTimes();
  readonly #tables: readonly KeyedRows[];
  readonly #bySource: readonly (readonly HandlerPlan[])[];
  #prepared: {
    readonly batch: RecordBatch;
    readonly decoded: DecodedBatch;
    readonly work: readonly Work[];
  } | null = null;
  readonly lateCount = 0;
  readonly stateSize = 0;

  constructor(plan: KeyedTablePlan, options: TaskFoldOptions) {
    this.#plan = plan;
    this.#topics = new TopicBatches(plan, options.clock.nowMs);
    this.#clock = new EventClock(plan, options.clock);
    this.#tables = plan.tables.map((table) => new KeyedRows(table));
    this.#bySource = plan.sources.map((_, source) =>
      plan.handlers.filter((handler) => handler.source === source),
    );
  }

  get maxEventTimeMs(): number | null {
    return this.#clock.maxEventTimeMs;
  }

  get watermarkMs(): number | null {
    return this.#clock.watermarkMs;
  }

  get rowCount(): number {
    return this.#tables.reduce((sum, table) => sum + table.count, 0);
  }

  preload(): readonly RowsAfter[] {
    return [];
  }

  unresolvedSchemas(batch: RecordBatch): readonly UnresolvedSchema[] {
    return this.#topics.unresolvedSchemas(batch);
  }

  resolveSchema(schemaId: number, schema: string | Error): void {
    this.#topics.resolve(schemaId, schema);
  }

  prepare(batch: RecordBatch): readonly MissingRows[] {
    const decoded = this.#topics.decode(batch);
    this.#times.pass(batch, decoded, this.#clock);
    const work: Work[] = [];
    for (const part of decoded.parts) {
      const handlers = this.#bySource[part.source] ?? [];
      part.each(decoded.deadLetters, 'finding its rows', (j) => {
        const event = part.eventAt(j);
        const steps = handlers.map((handler) => ({
          handler,
          keys: this.#keysOf(handler.keys, handler.table, event),
          looked: handler.lookups.flatMap(({ keys, table }) => this.#keysOf(keys, table, event)),
        }));
        work.push({ i: part.at?.[j] ?? j, part, j, event, steps });
      });
    }
    work.sort((a, b) => a.i - b.i);
    for (const { steps } of work) {
      for (const { keys, looked } of steps) {
        for (const key of [...keys, ...looked]) this.#rowsOf(key.table).want(key);
      }
    }
    this.#prepared = { batch, decoded, work };
    return this.#tables.flatMap((table) => {
      const keys = table.takeWanted();
      return keys === null ? [] : [{ table: table.plan, keys, bound: null }];
    });
  }

  absorb(table: TablePlan, rows: RowSet): void {
    this.#tables.find(({ plan }) => plan === table)?.absorb(rows);
  }

  apply(batch: RecordBatch): readonly DeadLetter[] {
    const prepared = this.#prepared;
    if (prepared === null || prepared.batch !== batch) throw new TypeError('apply without prepare');
    this.#prepared = null;
    const { deadLetters } = prepared.decoded;
    for (const record of prepared.work) {
      if (record.part.skip[record.j] === 1) continue;
      try {
        this.#reduce(record);
        for (const table of this.#tables) table.keep();
      } catch (error) {
        for (const table of this.#tables) table.undo();
        const { part, j } = record;
        const place = `${part.batch.topic}[${part.batch.partition}]@${part.batch.offsets[j]}`;
        const message = `${place}: the handler of ${part.plan.event.name} in ${this.#plan.name} failed: ${(error as Error).message}`;
        deadLetters.push(deadLetterAt(part.batch, j, 'HANDLER_FAILED', message));
      }
    }
    return deadLetters.sort((a, b) => Number(a.offset - b.offset));
  }

  tick(quietMs: number): void {
    this.#clock.tick(quietMs);
  }

  takeChanges(): FoldChanges {
    const tables = this.#tables.flatMap((table): TableChange[] => {
      const changes = table.takeChanges();
      return changes === null ? [] : [{ table: table.plan, ...changes }];
    });
    return { tables, lateEvents: [], emissions: [] };
  }

  committed(): void {
    for (const table of this.#tables) table.evict();
  }

  #reduce({ event, steps }: Work): void {
    for (const { handler, keys, looked } of steps) {
      const table = this.#tables[handler.table] as KeyedRows;
      const context: Record<string, unknown> = {};
      for (const [n, { name }] of handler.lookups.entries()) {
        const key = looked[n] as TableKey;
        context[name] = this.#rowsOf(key.table).get(key) ?? undefined;
      }
      for (const key of keys) {
        const row = table.get(key) ?? undefined;
        const next = handler.reduce(row, event as never, { ...context, key: key.values } as never);
        if (next === row) continue;
        if (next === undefined)
          throw new TypeError('it gave undefined; return a row, or null to delete it');
        table.set(key, next as Record<string, unknown> | null);
      }
    }
  }

  #keysOf(keys: HandlerKeys, table: number, event: unknown): TableKey[] {
    const rows = this.#tables[table] as KeyedRows;
    const found =
      keys.kind === 'fields'
        ? [keys.fields.map((field) => (event as Record<string, unknown>)[field])]
        : keys.keysOf(event as never).map((key) => (Array.isArray(key) ? key : [key]));
    return found.map((values: readonly unknown[]) => {
      if (values.length !== rows.keyColumns.length) {
        throw new TypeError(
          `the key (${values.map(String).join(', ')}) has ${values.length} parts; the primary key of ${rows.plan.name} has ${rows.keyColumns.length}`,
        );
      }
      for (const [c, column] of rows.keyColumns.entries()) {
        const fault = valueFault(column, values[c]);
        if (fault !== null) throw new TypeError(`the key "${column.comment}" is ${fault}`);
      }
      return { table, values, text: rows.textOf(values) };
    });
  }

  #rowsOf(table: number): KeyedRows {
    return this.#tables[table] as KeyedRows;
  }
}
