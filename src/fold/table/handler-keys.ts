import type { HandlerKeys, RecordKeyPosition } from '../../projection/plan/plan.ts';
import type { ColumnPlan } from '../../projection/plan/table-plan.ts';
import { KEY_TEXT_BYTES_MAX } from '../rows/postgres-limits.ts';
import { valueFault } from '../rows/to-column-values.ts';
import type { KeyedRows, TableKey } from './keyed-rows.ts';

type Values = Readonly<Record<string, unknown>>;

/** Thrown if a field of the primary key is null. */
export class NullKey extends Error {}

/**
 * Returns the keys of the rows that an event touches, each once. @throws NullKey; TypeError if a
 * key is invalid, or belongs to a row of another partition
 */
export function handlerKeys(
  keys: HandlerKeys,
  target: { readonly table: number; readonly rows: KeyedRows },
  event: unknown,
): readonly TableKey[] {
  const { table, rows } = target;
  if (keys.kind === 'fields') {
    const values = valuesOf(keys.fields, event);
    const missing = values.indexOf(null);
    if (missing >= 0) throw new NullKey(`"${keys.fields[missing]}", part of its key, is null`);
    return [tableKey(values, table, rows)];
  }
  const found = keys.keysOf(event as never) as unknown;
  if (!Array.isArray(found)) throw new TypeError('.keys(…) gave no list of keys');
  const unique = new Map<string, TableKey>();
  for (const key of found as readonly unknown[]) {
    const values = Array.isArray(key) ? (key as readonly unknown[]) : [key];
    const one = tableKey(values, table, rows);
    if (keys.within !== null) requireRecordKey(values, keys.within, { event, rows });
    unique.set(one.text, one);
  }
  return [...unique.values()];
}

/**
 * Returns the key of the row that a lookup reads; null: one of the fields is null, so there is no
 * row. @throws TypeError if the key is invalid
 */
export function lookupKey(
  fields: readonly string[],
  target: { readonly table: number; readonly rows: KeyedRows },
  event: unknown,
): TableKey | null {
  const values = valuesOf(fields, event);
  return values.includes(null) ? null : tableKey(values, target.table, target.rows);
}

/**
 * Returns the row whose primary key, of one column, is a record key. @throws NullKey; TypeError if
 * it is not a value of that column
 */
export function keyOfRecord(
  recordKey: Buffer | null,
  { table, rows }: { readonly table: number; readonly rows: KeyedRows },
): TableKey {
  if (recordKey === null) throw new NullKey('a tombstone without a record key: its key is null');
  const [column] = rows.keyColumns;
  const text = recordKey.toString('utf8');
  return tableKey([valueOfText(column?.type, text)], table, rows);
}

/**
 * Parses a record key: publishers write the key field as text. Text that is not such a value is
 * returned unchanged, and does not fit its column.
 */
function valueOfText(type: ColumnPlan['type'] | undefined, text: string): unknown {
  const isInteger = /^-?\d+$/.test(text);
  switch (type) {
    case 'int4':
      return isInteger ? Number(text) : text;
    case 'int8':
      return isInteger ? BigInt(text) : text;
    case 'boolean':
      return text === 'true' || (text === 'false' ? false : text);
    default:
      return text;
  }
}

function valuesOf(fields: readonly string[], event: unknown): readonly unknown[] {
  return fields.map((field) => (event as Values)[field] ?? null);
}

function tableKey(values: readonly unknown[], table: number, rows: KeyedRows): TableKey {
  const { keyColumns } = rows;
  if (values.length !== keyColumns.length) {
    throw new TypeError(
      `the key ${shown(values)} has ${values.length} parts; the primary key of ${rows.plan.name} has ${keyColumns.length}`,
    );
  }
  let bytes = 0;
  for (let c = 0; c < values.length; c += 1) {
    const [value, column] = [values[c], keyColumns[c] as ColumnPlan];
    const fault = valueFault(column, value);
    if (fault !== null) throw new TypeError(`the key "${column.declared}" is ${fault}`);
    if (typeof value === 'string') bytes += Buffer.byteLength(value);
  }
  if (bytes > KEY_TEXT_BYTES_MAX) {
    throw new TypeError(
      `the key is ${bytes} bytes of text; an index of Postgres holds ${KEY_TEXT_BYTES_MAX}`,
    );
  }
  return { table, values, text: rows.textOf(values) };
}

function requireRecordKey(
  values: readonly unknown[],
  { field, column }: RecordKeyPosition,
  { event, rows }: { readonly event: unknown; readonly rows: KeyedRows },
): void {
  const recordKey = String((event as Values)[field]);
  const holds = column === null ? values.map(String) : [String(values[column])];
  if (holds.includes(recordKey)) return;
  throw new TypeError(
    `the key ${shown(values)} of ${rows.plan.name} does not contain the record key "${field}" = ${recordKey}, so the row may belong to another partition. ` +
      'Make that field part of the primary key; or, where every topic has one partition, declare .table(columns, { onePartition: true })',
  );
}

function shown(values: readonly unknown[]): string {
  return `(${values.map(String).join(', ')})`;
}
