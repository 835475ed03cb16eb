import type { KeyRing } from '../avro/pii/pii-envelope.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import type { KeyedTablePlan, Plan } from '../projection/plan/plan.ts';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import type { WindowBounds, WindowPlan } from '../projection/plan/window-plan.ts';
import { RecordKeys } from './batch/record-keys.ts';
import type { DecodedBatch, SourcePart } from './batch/topic-batches.ts';
import { TopicBatches } from './batch/topic-batches.ts';
import { Keys } from './rows/keys.ts';
import { handlerKeys } from './table/handler-keys.ts';
import { KeyedRows } from './table/keyed-rows.ts';
import { isTombstone, Tombstones } from './table/tombstones.ts';
import type { UnresolvedSchema } from './task/task-fold.ts';
import { Calendar } from './windowed/calendar.ts';
import { customBounds } from './windowed/custom-bounds.ts';
import { firstStartAt, floorTo } from './windowed/pane-start-at.ts';

/** A row, or all rows of a table that begin with a key: two of the same text are the same. */
export type RowKey = string;

/** A record, and the rows that it can touch. */
export interface RecordRows {
  /** Its index in the batch. */
  readonly i: number;
  /** Event time. Milliseconds. */
  readonly timeMs: number;
  readonly rows: readonly RowKey[];
}

const NO_KEYS: KeyRing = { keyOf: () => undefined };

/**
 * Which rows each record of a log can touch, by the plan alone, without folding:
 * - windowed: the rows of its key in every window that it falls into;
 * - sessions and patterns: every row of its key, which is more than it touches;
 * - tables: the rows that its handlers, or the answers to its tombstone, are for.
 *
 * Records that are not events of the plan, that its filters do not let through or that cannot be
 * decoded touch none. What a record does to other rows is left out: it moves the watermark, later
 * records may look its row up, later z-scores judge by its window.
 *
 * Use per batch: 1 `unresolvedSchemas` → fetch them → `resolveSchema`; 2 `of`. Holds nothing of a
 * batch.
 */
export class RowKeys {
  readonly #plan: Plan;
  readonly #topics: TopicBatches;
  readonly #windowsOf: ReturnType<typeof windowsOf> | null;
  readonly #tables: readonly KeyedRows[];

  constructor(plan: Plan, keys: KeyRing = NO_KEYS) {
    this.#plan = plan;
    this.#topics = new TopicBatches(plan, { clock: { nowMs: null }, keys });
    this.#windowsOf = plan.kind === 'windowed' ? windowsOf(plan.window) : null;
    this.#tables = plan.tables.map((table) => new KeyedRows(table));
  }

  unresolvedSchemas(batch: RecordBatch): readonly UnresolvedSchema[] {
    return this.#topics.unresolvedSchemas(batch);
  }

  resolveSchema(schemaId: number, schema: string | Error): void {
    this.#topics.resolve(schemaId, schema);
  }

  /** The records of a batch that can touch rows, in their order. */
  of(batch: RecordBatch): readonly RecordRows[] {
    const decoded = this.#topics.decode(batch);
    this.#topics.filter(decoded);
    const plan = this.#plan;
    const found =
      plan.kind === 'table'
        ? this.#ofHandlers(plan, batch, decoded)
        : decoded.parts.flatMap((part) => this.#ofKeys(part, decoded));
    return found.sort((a, b) => a.i - b.i);
  }

  /** The key of a stored row, as `to_jsonb` or a typed query gives it. */
  ofStored(table: TablePlan, row: Readonly<Record<string, unknown>>): RowKey {
    const columns = keyColumns(this.#plan, table);
    const values = columns.map((column) => row[column]);
    return textOf(table, values, columns);
  }

  #ofKeys(part: SourcePart, { deadLetters }: DecodedBatch): RecordRows[] {
    const plan = this.#plan;
    const keys = new Keys(plan.keys);
    const recordKeys = new RecordKeys(plan, keys);
    recordKeys.intern(part, deadLetters);
    const ids = recordKeys.of(part);
    const found: RecordRows[] = [];
    part.each(deadLetters, 'its window', (j) => {
      const timeMs = part.timesMs[j] as number;
      const key = keys.partsOf(ids[j] as number);
      const windows = this.#windowsOf?.(timeMs, () => part.eventAt(j)) ?? [];
      const rows = plan.tables.flatMap((table) => {
        const columns = keyColumns(plan, table);
        if (columns.length === key.length) return [textOf(table, key, columns)];
        return windows.map(({ startMs, endMs }) =>
          textOf(table, [...key, startMs, endMs], columns),
        );
      });
      found.push({ i: part.at?.[j] ?? j, timeMs, rows });
    });
    return found;
  }

  #ofHandlers(plan: KeyedTablePlan, batch: RecordBatch, decoded: DecodedBatch): RecordRows[] {
    const found: RecordRows[] = [];
    const text = ({
      table,
      values,
    }: {
      readonly table: number;
      readonly values: readonly unknown[];
    }) => {
      const of = plan.tables[table] as TablePlan;
      return textOf(of, values, keyColumns(plan, of));
    };
    for (const part of decoded.parts) {
      const handlers = plan.handlers.filter(({ source }) => source === part.source);
      part.each(decoded.deadLetters, 'its key', (j) => {
        const event = part.eventAt(j);
        const rows = handlers.flatMap(({ keys, table }) =>
          handlerKeys(keys, { table, rows: this.#tables[table] as KeyedRows }, event).map(text),
        );
        found.push({ i: part.at?.[j] ?? j, timeMs: part.timesMs[j] as number, rows });
      });
    }
    const tombstones = new Tombstones(plan, (table) => this.#tables[table] as KeyedRows);
    for (let i = 0; i < batch.count; i += 1) {
      if (!isTombstone(batch, i)) continue;
      const rows = stepsAt(tombstones, batch, i).flatMap(({ keys }) => keys.map(text));
      found.push({ i, timeMs: batch.timestampsMs[i] as number, rows });
    }
    return found;
  }
}

/** A tombstone that fails is a dead letter, and touches nothing. */
function stepsAt(tombstones: Tombstones, batch: RecordBatch, i: number) {
  try {
    return tombstones.stepsAt(batch, i);
  } catch {
    return [];
  }
}

/** The key columns of a table that a record of the plan knows the values of. */
function keyColumns(plan: Plan, table: TablePlan): readonly string[] {
  const all = table.columns.filter(({ role }) => role === 'key').map(({ name }) => name);
  if (plan.kind === 'table') return all;
  const windows = ['window_start', 'window_end'].filter((name) => all.includes(name));
  return [...plan.keys.map(({ column }) => column), ...windows];
}

function textOf(table: TablePlan, values: readonly unknown[], columns: readonly string[]): RowKey {
  const types = new Map(table.columns.map(({ name, type }) => [name, type]));
  return JSON.stringify([
    table.name,
    ...columns.map((column, c) => valueText(types.get(column), values[c])),
  ]);
}

const DAY_MS = 86_400_000;

/** The same for a value of the fold, of a typed query, and of JSON made by Postgres. */
function valueText(type: TablePlan['columns'][number]['type'] | undefined, value: unknown): string {
  switch (type) {
    case 'int4':
    case 'int8':
    case 'float8':
    case 'numeric':
      return String(Number(String(value)));
    case 'boolean':
      return String(Number(value));
    case 'timestamptz':
      return String(typeof value === 'string' ? Date.parse(value) : Number(value));
    case 'date':
      return typeof value === 'number'
        ? new Date(value * DAY_MS).toISOString().slice(0, 10)
        : String(value);
    default:
      return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : String(value);
  }
}

/** Every window that an event falls into. */
function windowsOf(
  window: WindowPlan,
): (timeMs: number, event: () => unknown) => readonly WindowBounds[] {
  switch (window.kind) {
    case 'custom':
      return (timeMs, event) => customBounds(window, timeMs, event());
    case 'calendar': {
      const calendar = new Calendar(window);
      return (timeMs) => [calendar.windowOf(timeMs)];
    }
    case 'tumbling':
      return (timeMs) => {
        const startMs = floorTo(timeMs, window.sizeMs, window.offsetMs);
        return [{ startMs, endMs: startMs + window.sizeMs }];
      };
    case 'sliding':
      return (timeMs) => {
        const found: WindowBounds[] = [];
        const { sizeMs, everyMs } = window;
        for (let startMs = firstStartAt(window, timeMs); startMs <= timeMs; startMs += everyMs) {
          found.push({ startMs, endMs: startMs + sizeMs });
        }
        return found;
      };
  }
}
