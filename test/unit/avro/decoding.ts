import { eventFields } from '../../../src/avro/decode/event-fields.ts';
import { daysOf } from '../../../src/avro/decode/value-type.ts';
import { parseRecordSchema } from '../../../src/avro/schema/parse-schema.ts';
import { Decimal } from '../../../src/event/decimal.ts';
import { defineAvroEvent } from '../../../src/event/define-avro-event.ts';
import type { EventDefinition } from '../../../src/event/event-definition.ts';
import type { FieldColumn } from '../../../src/event/field-columns.ts';
import { RecordBatch } from '../../../src/log/record-batch.ts';

type Value = Readonly<Record<string, unknown>>;

/** An event definition of these fields. */
export function event(fields: readonly unknown[]): EventDefinition<Value> {
  const schema = JSON.stringify({ type: 'record', name: 'Thing', fields });
  const record = parseRecordSchema(schema, 'test');
  return defineAvroEvent<Value>({ name: 'Thing', topic: 't', fields: eventFields(record), schema });
}

/** One record per value, null for a tombstone. */
export function batchOf(values: readonly (Buffer | null)[]): RecordBatch {
  const { length } = values;
  const starts = new Int32Array(length);
  const ends = new Int32Array(length);
  let at = 0;
  values.forEach((value, index) => {
    starts[index] = value === null ? -1 : at;
    at += value?.length ?? 0;
    ends[index] = at;
  });
  const origin = {
    topic: 't',
    partition: 3,
    firstOffset: 0,
    nextOffset: length,
    leaderEpoch: 0,
    stableEndOffset: length,
    appendTime: false,
  };
  return new RecordBatch(origin, Buffer.concat(values.filter((value) => value !== null)), {
    count: length,
    offsets: Float64Array.from(values.keys()),
    timestampsMs: new Float64Array(length),
    keyStart: new Int32Array(length).fill(-1),
    keyEnd: new Int32Array(length),
    valueStart: starts,
    valueEnd: ends,
  });
}

/** What a column holds for a record, as a plain value. */
export function plain(column: FieldColumn, index: number): unknown {
  if (column.present !== null && column.present[index] === 0) return null;
  if (column.kind === 'number') return column.values[index];
  if (column.kind === 'long')
    return column.exact?.[index] ?? BigInt(column.values[index] as number);
  if (column.kind === 'decimal') return column.unscaled[index];
  return column.bytes.subarray(column.start[index], column.end[index]).toString('latin1');
}

/** A whole event's value in the terms of a column. */
export function expected(value: unknown): unknown {
  if (value instanceof Date) return value.getTime();
  if (value instanceof Decimal) return value.unscaled;
  if (typeof value === 'boolean') return Number(value);
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  if (typeof value !== 'string') return value;
  return daysOf(value) ?? Buffer.from(value).toString('latin1');
}
