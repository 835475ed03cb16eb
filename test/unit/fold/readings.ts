import fc from 'fast-check';
import { createEventDecoder } from '../../../src/avro/decode/event-decoder.ts';
import { createEventEncoder } from '../../../src/avro/decode/event-encoder.ts';
import { eventFields } from '../../../src/avro/decode/event-fields.ts';
import { parseRecordSchema } from '../../../src/avro/schema/parse-schema.ts';
import { Decimal } from '../../../src/event/decimal.ts';
import { defineAvroEvent } from '../../../src/event/define-avro-event.ts';
import type { EventDefinition } from '../../../src/event/event-definition.ts';
import { batchOfRecords } from '../../../src/log/batch-of-records.ts';
import type { RecordBatch } from '../../../src/log/record-batch.ts';

/** An event of every type that a key, a measure or a filter may have. */
export interface Reading {
  readonly userId: string | null;
  readonly tenant: bigint;
  readonly grade: 'LOW' | 'MID' | 'HIGH';
  readonly day: string;
  readonly flag: boolean;
  readonly number: number;
  readonly value: number | null;
  readonly amount: number;
  readonly ratio: number;
  readonly total: bigint;
  readonly extra: bigint | null;
  readonly price: Decimal | null;
  readonly cost: Decimal;
  readonly seenAt: Date | null;
  readonly at: Date | null;
  readonly stamp: bigint;
}

/** A reading to change. */
export const plain: Reading = {
  userId: 'a',
  tenant: 0n,
  grade: 'LOW',
  day: '2024-02-29',
  flag: false,
  number: 0,
  value: 1,
  amount: 0,
  ratio: 0,
  total: 1n,
  extra: null,
  price: null,
  cost: new Decimal(0n, 0),
  seenAt: null,
  at: null,
  stamp: 0n,
};

const SCALE = 4;
const nullable = (type: unknown) => ['null', type];
const logical = (type: string, logicalType: string) => ({ type, logicalType });
const decimal = { ...logical('bytes', 'decimal'), precision: 60, scale: SCALE };

const schema = JSON.stringify({
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'userId', type: nullable('string') },
    { name: 'tenant', type: 'long' },
    { name: 'grade', type: { type: 'enum', name: 'Grade', symbols: ['LOW', 'MID', 'HIGH'] } },
    { name: 'day', type: logical('int', 'date') },
    { name: 'flag', type: 'boolean' },
    { name: 'number', type: 'int' },
    { name: 'value', type: nullable('double') },
    { name: 'amount', type: 'double' },
    { name: 'ratio', type: 'float' },
    { name: 'total', type: 'long' },
    { name: 'extra', type: nullable('long') },
    { name: 'price', type: nullable(decimal) },
    { name: 'cost', type: { ...decimal, scale: 0 } },
    { name: 'seenAt', type: nullable(logical('long', 'timestamp-millis')) },
    { name: 'at', type: nullable(logical('long', 'timestamp-millis')) },
    { name: 'stamp', type: logical('long', 'timestamp-micros') },
  ],
});
const fields = eventFields(parseRecordSchema(schema, 'test'));

export type KeyField = 'userId' | 'tenant' | 'grade' | 'day' | 'flag' | 'number';
/** Where the event time is; null: the record timestamp. */
export type TimeField = 'at' | 'stamp' | null;

/** The definition of readings whose record key and time lie in these fields. */
export function readings(key: KeyField, time: TimeField): EventDefinition<Reading> {
  const where = time === null ? { key } : { key, time };
  return defineAvroEvent<Reading>({ name: 'Reading', topic: 'readings', fields, schema, ...where });
}

const SCHEMA_ID = 7;
export const SCHEMA_TEXT = schema;
const encoder = createEventEncoder(readings('userId', 'at'));
const decoder = createEventDecoder(readings('userId', 'at'));
decoder.resolve(SCHEMA_ID, schema);

/** A record on its way into a log: its event, or null for a tombstone. */
export interface LoggedReading {
  readonly event: Reading | null;
  readonly timestampMs: number;
  /** Offsets left out before it. */
  readonly gap: number;
}

/** A record of the log, with its bytes. */
export interface Logged {
  readonly record: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: bigint;
    readonly timestampMs: number;
  };
  /** As decoded from `value`. */
  readonly event: Reading | null;
  readonly value: Buffer | null;
}

/** Writes records to a log of one partition. */
export function logOf(readings: readonly LoggedReading[], partition = 0): Logged[] {
  let offset = -1n;
  return readings.map(({ event, timestampMs, gap }) => {
    offset += 1n + BigInt(gap);
    const value = event === null ? null : encoder.encode(event, SCHEMA_ID);
    return {
      record: { topic: 'readings', partition, offset, timestampMs },
      event: value === null ? null : (decoder.decode(value) as Reading),
      value,
    };
  });
}

/** The records as one fetched batch, without keys. */
export function batchOf(records: readonly Logged[]): RecordBatch {
  return batchOfRecords(records.map(({ record, value }) => ({ ...record, key: null, value })));
}

const often = <Value>(value: fc.Arbitrary<Value>, weight = 4) => ({ arbitrary: value, weight });
const orNull = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null, freq: 4 });

/**
 * Finite doubles whose sums are hard: far apart, cancelling, subnormal, at the edge of the range,
 * halfway between neighbours.
 */
const finite = fc.oneof(
  often(fc.double({ noNaN: true, noDefaultInfinity: true })),
  often(fc.integer({ min: -1000, max: 1000 }).map((n) => n / 100)),
  often(
    fc
      .tuple(fc.double({ min: 1, max: 2, noNaN: true }), fc.integer({ min: -300, max: 300 }))
      .map(([x, exponent]) => x * 10 ** exponent),
  ),
  often(
    fc.tuple(fc.constantFrom(1, -1), fc.integer({ min: -60, max: 60 })).map(([s, e]) => s * 2 ** e),
  ),
  often(
    fc.constantFrom(
      0,
      -0,
      5e-324,
      -5e-324,
      2 ** -1022,
      1e300,
      -1e300,
      0.1,
      2 ** 53,
      2 ** 970,
      -(2 ** 970),
      2 ** 969,
    ),
  ),
  often(fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE), 1),
);
const special = fc.constantFrom(Number.NaN, Infinity, -Infinity);
/** Doubles of every sort; specials are rare enough for sums to stay finite now and then. */
export const double = fc.oneof(often(finite, 30), often(special, 1));

const long = fc.oneof(
  often(fc.integer({ min: -5, max: 5 }).map(BigInt), 8),
  often(fc.maxSafeInteger().map(BigInt), 2),
  often(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), 1),
  often(fc.constantFrom(2n ** 53n, -(2n ** 53n), 2n ** 53n - 1n, 2n ** 63n - 1n, -(2n ** 63n)), 1),
);
const unscaled = fc.oneof(
  fc.integer({ min: -100_000, max: 100_000 }).map(BigInt),
  fc.bigInt({ min: -(10n ** 50n), max: 10n ** 50n }),
);

/** Keys, few so that they meet; some that Postgres cannot hold. */
const userId = fc.oneof(
  often(fc.constantFrom('a', 'b', '', 'ключ', '💥', 'A', '1:1', 'a:b'), 30),
  often(fc.constantFrom('nul\0', 'bad \ufffd', 'é'.repeat(1251), null), 1),
  often(fc.constant('é'.repeat(1250)), 1),
);

const instant = fc
  .oneof(
    often(fc.integer({ min: -1e12, max: 2e12 }), 30),
    often(fc.constantFrom(-210_866_803_200_000, -210_866_803_200_001, 8.64e15), 1),
  )
  .map((ms) => new Date(ms));

const minute = 60_000;
/** Milliseconds around a base: mostly close together, sometimes far back. */
const around = fc.oneof(
  often(fc.integer({ min: -3 * minute, max: 3 * minute }), 12),
  often(fc.integer({ min: -600 * minute, max: 0 }), 1),
);
export const bases = [1_700_000_000_000, 0, -62_135_596_800_000, 123_456_789];
/** The ends of the calendar. */
const ends = [-210_866_803_200_000, 8_639_999_990_000_000];

/** A record near `baseMs`; now and then a tombstone, or an event far ahead of its record. */
export const readingNear = (baseMs: number): fc.Arbitrary<LoggedReading> =>
  fc
    .record({
      event: fc.record({
        userId,
        tenant: fc.oneof(often(fc.constantFrom(0n, 1n, -1n), 6), often(long, 1)),
        grade: fc.constantFrom<Reading['grade'][]>('LOW', 'MID', 'HIGH'),
        day: fc.oneof(
          often(fc.constantFrom('2024-02-29', '1970-01-01', '1969-12-31', '-004713-11-24'), 9),
          often(fc.constantFrom('-004713-11-23', '+275760-09-13'), 1),
        ),
        flag: fc.boolean(),
        number: fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer()),
        value: orNull(double),
        amount: double,
        ratio: double.map(Math.fround),
        total: long,
        extra: orNull(long),
        price: orNull(unscaled.map((n) => new Decimal(n, SCALE))),
        cost: unscaled.map((n) => new Decimal(n, 0)),
        seenAt: orNull(instant),
      }),
      eventMs: around,
      timeIsNull: fc.integer({ min: 0, max: 30 }).map((n) => n === 0),
      micros: fc.integer({ min: 0, max: 999 }),
      aheadMs: fc.oneof(
        often(fc.constant(0), 30),
        often(fc.constantFrom(3_600_000, 3_600_001, 9e6), 1),
      ),
      recordMs: around,
      gap: fc.oneof(often(fc.constant(0), 10), often(fc.integer({ min: 1, max: 9 }), 1)),
      tombstone: fc.integer({ min: 0, max: 30 }).map((n) => n === 0),
    })
    .map(({ event, eventMs, timeIsNull, micros, aheadMs, recordMs, gap, tombstone }) => {
      const ahead = aheadMs > 0;
      const timestampMs = baseMs + (ahead ? 0 : recordMs);
      const timeMs = ahead ? timestampMs + aheadMs : baseMs + eventMs;
      const stamp = BigInt(timeMs) * 1000n + BigInt(micros);
      const whole = {
        ...event,
        at: timeIsNull ? null : new Date(Math.min(timeMs, 8.64e15)),
        stamp,
      };
      return { event: tombstone ? null : whole, timestampMs, gap };
    });

/** Any log near one of the bases. */
export const anyReadings = (maxLength: number) =>
  fc
    .oneof(often(fc.constantFrom(...bases), 20), often(fc.constantFrom(...ends), 1))
    .chain((base) => fc.array(readingNear(base), { minLength: 1, maxLength, size: 'max' }));
