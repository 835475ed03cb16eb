import type { HandlerPlan, KeyedTablePlan } from '../../projection/plan/plan.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import { valueFault } from '../rows/to-column-values.ts';
import type { FoldedRecord, FoldedTick, InterpretedRow } from './folded-record.ts';
import { eventTimeMs, isEvent } from './folded-record.ts';
import { meetsAll } from './meets-all.ts';

type Row = Readonly<Record<string, unknown>>;
type Rows = ReadonlyMap<string, { readonly partition: number; readonly row: Row }>;

/**
 * Folds a table projection: record by record, one map per partition; a record that fails changes
 * nothing. Returns the rows of one of its tables, by default the read model.
 */
export function foldTablesInterpreted(
  plan: KeyedTablePlan,
  items: Iterable<FoldedRecord | FoldedTick>,
  table: TablePlan = plan.table,
): readonly InterpretedRow[] {
  let rows: Rows = new Map();
  for (const item of items) {
    if ('tick' in item) continue;
    if (item.event === null) rows = buried(plan, item.record, rows);
    if (!isEvent(item.event)) continue;
    const { record, event, of } = item;
    const at = plan.sources.findIndex(
      (each) => each.event.topic === record.topic && (of === undefined || each.event === of),
    );
    const source = plan.sources[at];
    if (source === undefined) continue;
    if (eventTimeMs(source, event, record.timestampMs) > record.timestampMs + plan.maxDriftMs)
      continue;
    if (!meetsAll(source.where, event)) continue;
    try {
      rows = plan.handlers
        .filter((handler) => handler.source === at)
        .reduce((before, handler) => handled(plan, handler, { before, event, record }), rows);
    } catch {
      // The record is a dead letter.
    }
  }
  const prefix = JSON.stringify([plan.tables.indexOf(table)]).slice(0, -1);
  return [...rows]
    .filter(([id]) => id.startsWith(`${prefix},`))
    .map(([, { partition, row }]) => ({
      ...Object.fromEntries(
        table.columns.map(({ name, declared = name }) => [name, row[declared] ?? null]),
      ),
      _partition: partition,
    }));
}

/**
 * Returns the rows after a tombstone: each table with a handler for its topic answers for the row
 * of the record key; if one refuses, nothing changes.
 */
function buried(plan: KeyedTablePlan, record: FoldedRecord['record'], before: Rows): Rows {
  const tables = plan.tables
    .map((_, table) => table)
    .filter((table) =>
      plan.handlers.some(
        (each) => each.table === table && plan.sources[each.source]?.event.topic === record.topic,
      ),
    );
  try {
    return tables.reduce((rows, table) => {
      const answer = plan.tombstones?.find((each) => each.table === table);
      if (answer === undefined) throw new Error('refused');
      if (answer.kind === 'ignore') return rows;
      const column = plan.tables[table]?.columns.find(({ role }) => role === 'key');
      const value = keyFrom(column?.type, record.key?.toString() ?? null);
      const reduce: HandlerPlan['reduce'] =
        answer.kind !== 'handler'
          ? (row) => (row === undefined ? undefined : null)
          : (row, _event, context) => answer.reduce(row, context);
      const keys = { kind: 'function', keysOf: () => [[value]], within: null } as const;
      return handled(
        plan,
        { table, keys, lookups: [], reduce },
        { before: rows, event: {}, record },
      );
    }, before);
  } catch {
    return before; // The record is a dead letter.
  }
}

function keyFrom(type: string | undefined, text: string | null): unknown {
  if (text === null) return null;
  if (type === 'int4') return Number(text);
  if (type === 'int8') return BigInt(text);
  return type === 'boolean' ? text === 'true' : text;
}

function handled(
  plan: KeyedTablePlan,
  { table, keys, lookups, reduce }: Omit<HandlerPlan, 'source'>,
  at: {
    readonly before: Rows;
    readonly event: Row;
    readonly record: Pick<FoldedRecord['record'], 'partition'>;
  },
): Rows {
  const { before, event } = at;
  const { partition } = at.record;
  const rows = new Map(before);
  const idOf = (of: number, key: readonly unknown[]) =>
    JSON.stringify([of, partition, ...key.map(part)]);
  const fieldsOf = (fields: readonly string[]) => fields.map((field) => event[field] ?? null);
  const looked = lookups.map(({ name, table: of, fields }): [string, unknown] => [
    name,
    before.get(idOf(of, fieldsOf(fields)))?.row,
  ]);
  const found: (readonly unknown[])[] =
    keys.kind === 'fields'
      ? [fieldsOf(keys.fields)]
      : keys.keysOf(event as never).map((key) => (Array.isArray(key) ? (key as unknown[]) : [key]));
  const columns = (plan.tables[table] as TablePlan).columns;
  for (const key of new Map(found.map((each) => [idOf(table, each), each])).values()) {
    if (key.includes(null)) throw new Error('no key');
    if (keys.kind === 'function' && keys.within !== null) {
      const { field, column } = keys.within;
      const parts = column === null ? key : [key[column] as unknown];
      if (!parts.map(String).includes(String(event[field]))) throw new Error('another partition');
    }
    const id = idOf(table, key);
    const row = rows.get(id)?.row;
    const next = reduce(row, event as never, { ...Object.fromEntries(looked), key } as never);
    if (next === row) continue;
    if (next === undefined) throw new Error('no row');
    if (next === null) rows.delete(id);
    else rows.set(id, { partition, row: fitting(columns, next as Row, id, idOf(table, [])) });
  }
  return rows;
}

/** Returns the row if it may be stored under this key. */
function fitting(columns: TablePlan['columns'], row: Row, id: string, base: string): Row {
  for (const column of columns) {
    if (valueFault(column, row[column.declared ?? column.name] ?? null) !== null)
      throw new Error('does not fit');
  }
  const key = columns.filter(({ role }) => role === 'key').map((c) => row[c.declared ?? c.name]);
  const own = JSON.stringify([...(JSON.parse(base) as unknown[]), ...key.map(part)]);
  if (own !== id) throw new Error('another key');
  return row;
}

function part(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
