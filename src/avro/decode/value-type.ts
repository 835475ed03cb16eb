import avsc from 'avsc';
import { Decimal } from '../../event/decimal.ts';
import { invalid, parseJson } from '../schema/parse-schema.ts';

type Schema = Parameters<typeof avsc.Type.forSchema>[0];

/** Range of a `Date`, in milliseconds before and after the epoch. */
export const dateRangeMs = 8.64e15;
const dayMs = 86_400_000;
const longLimit = 1n << 63n;

/**
 * Creates avsc's type for schema text, with the TypeScript values of reprise: long and
 * timestamp-micros are bigint, timestamp-millis Date, date 'YYYY-MM-DD', decimal `Decimal`. A union
 * of null and one type is `T | null`; every wider union is `{ branch: value }`, so that adding a
 * branch to it changes no shape. @throws SCHEMA_INVALID
 */
export function createValueType(schemaText: string, origin: string): avsc.Type {
  return createType(schemaText, origin, {
    logicalTypes: { date: CalendarDate, decimal: DecimalLogical },
    typeHook: valueHook as never,
  });
}

function createType(
  schemaText: string,
  origin: string,
  options: Partial<Parameters<typeof avsc.Type.forSchema>[1]>,
): avsc.Type {
  const schema = withoutDefaults(parseJson(schemaText, origin)) as Schema;
  try {
    return avsc.Type.forSchema(schema, { omitRecordMethods: true, ...options });
  } catch (error) {
    throw invalid(origin, '', `avsc refuses it: ${(error as Error).message}; correct the schema`);
  }
}

/**
 * Removes the defaults of fields, which `defaultReader` fills in. avsc would refuse one that
 * belongs to a later branch of a union, which Avro 1.12 allows.
 */
function withoutDefaults(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutDefaults);
  if (typeof schema !== 'object' || schema === null) return schema;
  const parts = Object.entries(schema).map(([key, part]) => {
    if (key === 'fields' && Array.isArray(part)) return [key, part.map(fieldWithoutDefault)];
    return [key, partKeys.has(key) ? withoutDefaults(part) : (part as unknown)];
  });
  return Object.fromEntries(parts) as unknown;
}

const partKeys: ReadonlySet<string> = new Set(['type', 'items', 'values']);

function fieldWithoutDefault(field: unknown): unknown {
  const { default: _, ...rest } = withoutDefaults(field) as Record<string, unknown>;
  return rest;
}

function valueHook(schema: Schema, options: unknown): avsc.Type | undefined {
  if (schema === 'long') return longType;
  const { type, logicalType } = schema as { type?: unknown; logicalType?: unknown };
  if (type === 'long') return logicalType === 'timestamp-millis' ? millisType : longType;
  return unionHook(schema, options);
}

function unionHook(schema: Schema, options: unknown): avsc.Type | undefined {
  if (!Array.isArray(schema)) return undefined;
  const values = schema.filter((branch) => branch !== 'null').length;
  return values <= 1
    ? new avsc.types.UnwrappedUnionType(schema as never, options)
    : new avsc.types.WrappedUnionType(schema as never, options);
}

const longType = avsc.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: longBytes,
  fromJSON: (value: number | string) => BigInt(value),
  toJSON: String,
  isValid: (value: unknown) =>
    typeof value === 'bigint' && value >= -longLimit && value < longLimit,
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

// avsc's logical types use its own lossy long, so the timestamp is a long type of its own.
const millisType = avsc.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => dateOf(Number(buffer.readBigInt64LE())),
  toBuffer: (value: Date) => safeLongBytes(value.getTime()),
  fromJSON: (value: number | string) => dateOf(Number(value)),
  toJSON: (value: Date) => value.getTime(),
  isValid: (value: unknown) => value instanceof Date && !Number.isNaN(value.getTime()),
  compare: (a: Date, b: Date) => a.getTime() - b.getTime(),
});

/** avsc copies the bytes before it requests the next ones. */
const shared = Buffer.alloc(8);

function longBytes(value: bigint): Buffer {
  shared.writeBigInt64LE(value);
  return shared;
}

/** Encodes an integer of at most 53 bits, without a bigint. */
function safeLongBytes(value: number): Buffer {
  shared.writeInt32LE(value | 0, 0);
  shared.writeInt32LE(Math.floor(value / 2 ** 32), 4);
  return shared;
}

function dateOf(ms: number): Date {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) throw new RangeError(`instant ${ms} is beyond the calendar`);
  return date;
}

class CalendarDate extends avsc.types.LogicalType {
  protected override _fromValue(days: number): string {
    return dateText(days);
  }
  protected override _toValue(value: unknown): number | undefined {
    return typeof value === 'string' ? daysOf(value) : undefined;
  }
  protected override _resolve(type: avsc.Type): unknown {
    return avsc.Type.isType(type, 'int') ? dateText : undefined;
  }
}

class DecimalLogical extends avsc.types.LogicalType {
  readonly precision: number;
  readonly scale: number;
  constructor(schema: Schema, options?: unknown) {
    super(schema as never, options);
    const { precision, scale } = schema as unknown as { precision: number; scale?: number };
    this.precision = precision;
    this.scale = scale ?? 0;
  }
  protected override _fromValue(bytes: Buffer): Decimal {
    return new Decimal(unscaledOf(bytes, 0, bytes.length), this.scale);
  }
  protected override _toValue(value: unknown): Buffer | undefined {
    if (!(value instanceof Decimal) || value.scale !== this.scale) return undefined;
    const digits = (value.unscaled < 0n ? -value.unscaled : value.unscaled).toString();
    if (digits.length > this.precision) return undefined;
    const { size } = this.underlyingType as unknown as { size?: number };
    return unscaledBytes(value.unscaled, size);
  }
  protected override _resolve(type: avsc.Type): unknown {
    const same = type.typeName === this.underlyingType.typeName;
    return same ? (bytes: Buffer) => this._fromValue(bytes) : undefined;
  }
}

/** Formats days since the epoch as 'YYYY-MM-DD', years beyond 9999 with a sign as in ISO 8601. */
export function dateText(days: number): string {
  const date = new Date(days * dayMs);
  if (Number.isNaN(date.getTime())) throw new RangeError(`day ${days} is beyond the calendar`);
  const text = date.toISOString();
  return text.slice(0, text.indexOf('T'));
}

/** Parses 'YYYY-MM-DD' to days since the epoch; undefined if it is not a calendar date. */
export function daysOf(text: string): number | undefined {
  if (!/^([+-]\d{6}|\d{4})-\d\d-\d\d$/.test(text)) return undefined;
  const ms = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(ms)) return undefined;
  const days = ms / dayMs;
  return dateText(days) === text ? days : undefined;
}

/** Reads the big-endian two's complement number in `bytes[start, end)`; no bytes are 0. */
export function unscaledOf(bytes: Uint8Array, start: number, end: number): bigint {
  if (start === end) return 0n;
  let hex = '0x';
  for (let at = start; at < end; at += 1) {
    hex += (bytes[at] as number).toString(16).padStart(2, '0');
  }
  return BigInt.asIntN((end - start) * 8, BigInt(hex));
}

function unscaledBytes(value: bigint, size: number | undefined): Buffer | undefined {
  let length = 1;
  while (BigInt.asIntN(length * 8, value) !== value) length += 1;
  if (size !== undefined && length > size) return undefined;
  const width = size ?? length;
  const hex = BigInt.asUintN(width * 8, value)
    .toString(16)
    .padStart(width * 2, '0');
  return Buffer.from(hex, 'hex');
}
