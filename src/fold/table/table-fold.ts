import type { RecordBatch } from '../../log/record-batch.ts';
import type { HandlerPlan, KeyedTablePlan } from '../../projection/plan/plan.ts';
import type { RowSet } from '../../projection/plan/row-set.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import type { ErrorCode } from '../../reprise-error.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import { deadLetterAt } from '../batch/dead-letter-at.ts';
import type { KindFold } from '../batch/fold-frame.ts';
import { LateEvents } from '../batch/late-events.ts';
import { RecordTimes } from '../batch/record-times.ts';
import type { DecodedBatch, SourcePart } from '../batch/topic-batches.ts';
import type { DeadLetter, MissingRows, RowsAfter, TableChange } from '../task/task-fold.ts';
import { handlerKeys, lookupKey, NullKey } from './handler-keys.ts';
import type { TableKey, TableRow } from './keyed-rows.ts';
import { KeyedRows } from './keyed-rows.ts';
import { RefusedTombstone, Tombstones } from './tombstones.ts';

/** The rows that one record needs: per handler, the rows it touches and those it looks up. */
interface Work extends RecordContext {
  /** Its index in the whole batch. */
  readonly i: number;
  readonly event: unknown;
  readonly steps: readonly Step[];
}

/** A record in a batch, and its name in messages. */
interface RecordContext {
  readonly batch: RecordBatch;
  readonly at: number;
  readonly what: string;
}

interface Step {
  readonly handler: Pick<HandlerPlan, 'table' | 'lookups' | 'reduce'>;
  readonly keys: readonly TableKey[];
  /** Per lookup of the handler; null: a field of its key is null. */
  readonly looked: readonly (TableKey | null)[];
}

/**
 * Folds a table plan: events in log order through the handlers, each record completely or not at
 * all. Rows are plain frozen objects; `prepare` requests those that a batch touches and memory
 * lacks. Lateness does not apply: records are folded in the order of the log.
 */
export class TableFold implements KindFold {
  readonly #plan: KeyedTablePlan;
  readonly times = new RecordTimes();
  readonly late = new LateEvents();
  readonly #tables: readonly KeyedRows[];
  readonly #bySource: readonly (readonly HandlerPlan[])[];
  readonly #tombstones: Tombstones;
  /** What the records of the prepared batch need, in their order. */
  #prepared: Work[] = [];
  readonly stateSize = 0;

  constructor(plan: KeyedTablePlan) {
    this.#plan = plan;
    this.#tables = plan.tables.map((table) => new KeyedRows(table));
    this.#bySource = plan.sources.map((_, source) =>
      plan.handlers.filter((handler) => handler.source === source),
    );
    this.#tombstones = new Tombstones(plan, (table) => this.#rowsOf(table));
  }

  get rowCount(): number {
    return this.#tables.reduce((sum, table) => sum + table.count, 0);
  }

  /** A key is stored with its row, or with the information that it has none. */
  get keyCount(): number {
    return this.rowCount;
  }

  preload(): readonly RowsAfter[] {
    return [];
  }

  prepare(batch: RecordBatch, decoded: DecodedBatch): readonly MissingRows[] {
    this.#requirePartition(batch);
    const work: Work[] = [];
    for (const part of decoded.parts) {
      for (let j = 0; j < part.batch.count; j += 1) {
        if (part.skip[j] === 1) continue;
        const asked = this.#work(part, j);
        if ('reason' in asked) decoded.deadLetters.push(asked);
        else work.push(asked);
      }
    }
    for (const i of this.#tombstones.in(batch)) {
      const context = { batch, at: i, what: 'tombstones' };
      try {
        work.push({ ...context, i, event: null, steps: this.#tombstones.stepsAt(batch, i) });
      } catch (error) {
        decoded.deadLetters.push(this.#handlerFailed(context, error));
      }
    }
    work.sort((a, b) => a.i - b.i);
    for (const { steps } of work) {
      for (const { keys, looked } of steps) {
        for (const key of keys) this.#rowsOf(key.table).want(key);
        for (const key of looked) if (key !== null) this.#rowsOf(key.table).want(key);
      }
    }
    this.#prepared = work;
    return this.#tables.flatMap((table) => {
      const keys = table.takeWanted();
      return keys === null ? [] : [{ table: table.plan, keys, bound: null }];
    });
  }

  absorb(table: TablePlan, rows: RowSet): void {
    this.#tables.find(({ plan }) => plan === table)?.absorb(rows);
  }

  take(_batch: RecordBatch, { deadLetters }: DecodedBatch): void {
    const work = this.#prepared;
    this.#prepared = [];
    for (const record of work) {
      try {
        this.#reduce(record);
        for (const table of this.#tables) table.keep();
      } catch (error) {
        for (const table of this.#tables) table.undo();
        deadLetters.push(this.#handlerFailed(record, error));
      }
    }
  }

  /** Nothing in a table waits for time to pass. */
  passTime(): void {}

  takeChanges() {
    const tables = this.#tables.flatMap((table): TableChange[] => {
      const changes = table.takeChanges();
      return changes === null ? [] : [{ table: table.plan, ...changes }];
    });
    return { tables, emissions: [], deadLetters: [] };
  }

  committed(): void {
    for (const table of this.#tables) table.evict();
  }

  #work(part: SourcePart, j: number): Work | DeadLetter {
    let event: unknown;
    try {
      event = part.eventAt(j);
    } catch (error) {
      const code = isRepriseError(error) ? error.code : 'DECODE_FAILED';
      return letter(part.batch, j, code, (error as Error).message);
    }
    const context = { batch: part.batch, at: j, what: part.plan.event.name };
    try {
      return { ...context, i: part.at?.[j] ?? j, event, steps: this.#steps(part, event) };
    } catch (error) {
      return this.#handlerFailed(context, error);
    }
  }

  #steps(part: SourcePart, event: unknown): readonly Step[] {
    return (this.#bySource[part.source] ?? []).map((handler) => {
      const { keys, table, lookups } = handler;
      return {
        handler,
        keys: handlerKeys(keys, { table, rows: this.#rowsOf(table) }, event),
        looked: lookups.map((lookup) =>
          lookupKey(
            lookup.fields,
            { table: lookup.table, rows: this.#rowsOf(lookup.table) },
            event,
          ),
        ),
      };
    });
  }

  #reduce({ event, steps }: Work): void {
    for (const { handler, keys, looked } of steps) {
      const table = this.#rowsOf(handler.table);
      const context: Record<string, unknown> = {};
      for (const [n, { name }] of handler.lookups.entries()) {
        const key = looked[n] ?? null;
        context[name] = key === null ? undefined : (this.#rowsOf(key.table).get(key) ?? undefined);
      }
      for (const key of keys) {
        const row = table.get(key) ?? undefined;
        const next = handler.reduce(row, event as never, { ...context, key: key.values } as never);
        if (next === row) continue;
        if (next === undefined)
          throw new TypeError('it gave undefined; return the row, or null to delete it');
        table.set(key, next as TableRow | null);
      }
    }
  }

  #handlerFailed({ batch, at, what }: RecordContext, error: unknown): DeadLetter {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof RefusedTombstone) return letter(batch, at, 'TOMBSTONE', `${message}.`);
    const code = error instanceof NullKey ? 'NULL_KEY' : 'HANDLER_FAILED';
    const handler = `the handler of ${what} in ${this.#plan.name}`;
    return letter(batch, at, code, `${handler} failed: ${message}.`);
  }

  #requirePartition({ topic, partition }: RecordBatch): void {
    if (!this.#plan.onePartition || partition === 0) return;
    throw new RepriseError(
      'PARTITIONS_CHANGED',
      `${this.#plan.name} is declared for topics of one partition, and ${topic} has a partition ${partition}. Give its rows keys that contain the record key, drop onePartition and raise the version.`,
      { facts: { projection: this.#plan.name, topic, partition } },
    );
  }

  #rowsOf(table: number): KeyedRows {
    return this.#tables[table] as KeyedRows;
  }
}

function letter(batch: RecordBatch, j: number, code: ErrorCode, message: string): DeadLetter {
  const where = `${batch.topic}[${batch.partition}]@${batch.offsets[j]}`;
  return deadLetterAt(batch, j, code, `${where}: ${message}`);
}
