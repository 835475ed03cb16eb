import type { RecordBatch } from '../../log/record-batch.ts';
import type { HandlerPlan, KeyedTablePlan } from '../../projection/plan/plan.ts';
import type { RowSet } from '../../projection/plan/row-set.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import type { ErrorCode } from '../../reprise-error.ts';
import { RepriseError } from '../../reprise-error.ts';
import { deadLetterAt } from '../batch/dead-letter-at.ts';
import type { KindFold } from '../batch/fold-frame.ts';
import { LateEvents } from '../batch/late-events.ts';
import { RecordTimes } from '../batch/record-times.ts';
import type { DecodedBatch, SourcePart } from '../batch/topic-batches.ts';
import { Undecodable } from '../batch/undecodable.ts';
import type {
  DeadLetter,
  MissingRows,
  RowsAfter,
  TableChange,
  TaskFoldOptions,
} from '../task/task-fold.ts';
import { handlerKeys, lookupKey, NullKey } from './handler-keys.ts';
import type { TableKey, TableRow } from './keyed-rows.ts';
import { KeyedRows } from './keyed-rows.ts';
import type { Step } from './tombstones.ts';
import { isTombstone, RefusedTombstone, Tombstones } from './tombstones.ts';

const NO_LOOKUPS: readonly null[] = [];

/** A record to fold. */
interface Folded {
  readonly batch: RecordBatch;
  /** Its index in `batch`. */
  readonly at: number;
  /** The part that decodes it; null: a tombstone. */
  readonly part: SourcePart | null;
}

/**
 * Folds a table plan: events in log order through the handlers, each record completely or not at
 * all. Rows are plain frozen objects; `prepare` requests those that a batch touches and memory
 * lacks, so it decodes each event once more, but keeps nothing of it. Lateness does not apply:
 * records are folded in the order of the log.
 */
export class TableFold implements KindFold {
  readonly #plan: KeyedTablePlan;
  readonly times = new RecordTimes();
  readonly late = new LateEvents();
  readonly #tables: readonly KeyedRows[];
  readonly #bySource: readonly (readonly HandlerPlan[])[];
  readonly #tombstones: Tombstones;
  readonly stateSize = 0;

  constructor(
    plan: KeyedTablePlan,
    options: Pick<TaskFoldOptions, 'startsEmpty' | 'separatesAdded'> = {},
  ) {
    this.#plan = plan;
    this.#tables = plan.tables.map((table) => new KeyedRows(table, options));
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
    if (this.#tables.every(({ isComplete }) => isComplete)) return [];
    for (const record of recordsOf(batch, decoded)) {
      try {
        for (const { keys, looked } of this.#stepsOf(record)) {
          for (const key of keys) this.#rowsOf(key.table).want(key);
          for (const key of looked) if (key !== null) this.#rowsOf(key.table).want(key);
        }
      } catch {
        // It fails in the same way when it is folded, and becomes a dead letter there.
      }
    }
    return this.#tables.flatMap((table) => {
      const keys = table.takeWanted();
      return keys === null ? [] : [{ table: table.plan, keys, bound: null }];
    });
  }

  absorb(table: TablePlan, rows: RowSet): void {
    this.#tables.find(({ plan }) => plan === table)?.absorb(rows);
  }

  take(batch: RecordBatch, decoded: DecodedBatch): void {
    for (const record of recordsOf(batch, decoded)) {
      try {
        this.#fold(record);
        for (const table of this.#tables) table.keep();
      } catch (error) {
        for (const table of this.#tables) table.undo();
        decoded.deadLetters.push(this.#failed(record, error));
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

  #fold(record: Folded): void {
    for (const { handler, keys, looked, event } of this.#stepsOf(record)) {
      const table = this.#rowsOf(handler.table);
      for (const key of keys) {
        const row = table.get(key) ?? undefined;
        const context: Record<string, unknown> = { key: key.values };
        for (let n = 0; n < looked.length; n += 1) {
          const found = looked[n] ?? null;
          context[handler.lookups[n]?.name as string] =
            found === null ? undefined : (this.#rowsOf(found.table).get(found) ?? undefined);
        }
        const next = handler.reduce(row, event as never, context as never);
        if (next === row) continue;
        if (next === undefined)
          throw new TypeError('it gave undefined; return the row, or null to delete it');
        table.set(key, next as TableRow | null);
      }
    }
  }

  /** Returns what a record does, handler by handler. @throws Undecodable, NullKey, TypeError */
  #stepsOf({ batch, at, part }: Folded): readonly Step[] {
    if (part === null) return this.#tombstones.stepsAt(batch, at);
    const event = part.eventAt(at);
    const handlers = this.#bySource[part.source] ?? [];
    const steps: Step[] = [];
    for (const handler of handlers) {
      const { table, lookups } = handler;
      const keys = handlerKeys(handler.keys, { table, rows: this.#rowsOf(table) }, event);
      const looked = lookups.length === 0 ? NO_LOOKUPS : this.#lookedUp(lookups, event);
      steps.push({ handler, keys, looked, event });
    }
    return steps;
  }

  #lookedUp(lookups: HandlerPlan['lookups'], event: unknown): readonly (TableKey | null)[] {
    return lookups.map(({ fields, table }) =>
      lookupKey(fields, { table, rows: this.#rowsOf(table) }, event),
    );
  }

  #failed({ batch, at, part }: Folded, error: unknown): DeadLetter {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof Undecodable) return letter(batch, at, error.code, message);
    if (error instanceof RefusedTombstone) return letter(batch, at, 'TOMBSTONE', `${message}.`);
    const code = error instanceof NullKey ? 'NULL_KEY' : 'HANDLER_FAILED';
    const what = part?.plan.event.name ?? 'tombstones';
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

/** Yields the records of a batch that are to be folded, tombstones included, in order. */
function* recordsOf(batch: RecordBatch, { parts, route }: DecodedBatch): Generator<Folded> {
  for (let i = 0; i < batch.count; i += 1) {
    if (isTombstone(batch, i)) yield { batch, at: i, part: null };
    const part = parts[route === null ? 0 : (route.part[i] as number)];
    const j = route === null ? i : (route.within[i] as number);
    if (part !== undefined && part.skip[j] !== 1) yield { batch: part.batch, at: j, part };
  }
}

function letter(batch: RecordBatch, j: number, code: ErrorCode, message: string): DeadLetter {
  const where = `${batch.topic}[${batch.partition}]@${batch.offsets[j]}`;
  return deadLetterAt(batch, j, code, `${where}: ${message}`);
}
