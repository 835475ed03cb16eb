import { eventFields } from '../../src/avro/decode/event-fields.ts';
import { parseRecordSchema } from '../../src/avro/schema/parse-schema.ts';
import { defineAvroEvent } from '../../src/event/define-avro-event.ts';
import type { EventDefinition } from '../../src/event/event-definition.ts';
import type { ErrorCode } from '../../src/reprise-error.ts';

/** An event with every shape that a bomb may take. */
export interface Reading {
  readonly id: string;
  readonly n: number;
  readonly ok: boolean;
  readonly at: Date;
  readonly tree: unknown;
  readonly nothings: readonly null[];
  readonly hollows: readonly object[];
  readonly blanks: readonly Buffer[];
  readonly names: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly kind: 'A' | 'B';
}

const schema = JSON.stringify({
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'n', type: 'int' },
    { name: 'ok', type: 'boolean' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    {
      name: 'tree',
      type: [
        'null',
        { type: 'record', name: 'Tree', fields: [{ name: 'inner', type: ['null', 'Tree'] }] },
      ],
    },
    { name: 'nothings', type: { type: 'array', items: 'null' } },
    {
      name: 'hollows',
      type: { type: 'array', items: { type: 'record', name: 'Hollow', fields: [] } },
    },
    {
      name: 'blanks',
      type: { type: 'array', items: { type: 'fixed', name: 'Blank', size: 0 } },
    },
    { name: 'names', type: { type: 'array', items: 'string' } },
    { name: 'attributes', type: { type: 'map', values: 'string' } },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
  ],
});

/** The event on a topic of the test's own. */
export function readingOn(topic: string): EventDefinition<Reading> {
  const fields = eventFields(parseRecordSchema(schema, 'test'));
  return defineAvroEvent<Reading>({
    name: 'Reading',
    topic,
    key: 'id',
    time: 'at',
    fields,
    schema,
  });
}

/** One way to be hostile: bytes to write as a value, and the codes that may be given for them. */
export interface Hostility {
  readonly name: string;
  readonly reasons: readonly ErrorCode[];
  readonly value: (draw: Draw) => Buffer;
}

/**
 * What a hostile value is made with: `random()` in [0, 1), the id of the schema, the number of the
 * record.
 */
export interface Draw {
  readonly random: () => number;
  readonly schemaId: number;
  readonly index: number;
}

/**
 * The parts of a good value, in the order of the fields: a bomb puts another in the place of one.
 */
const GOOD = {
  id: text('someone'),
  n: varint(7n),
  ok: Buffer.from([1]),
  at: varint(BigInt(Date.UTC(2026, 0, 1))),
  tree: varint(0n),
  nothings: varint(0n),
  hollows: varint(0n),
  blanks: varint(0n),
  names: varint(0n),
  attributes: varint(0n),
  kind: varint(0n),
};

const TERA = 1n << 40n;
const DECODE = ['DECODE_FAILED'] as const;
const BUDGET = ['BUDGET_EXCEEDED'] as const;

/** All of them; each is drawn equally often. */
export const HOSTILITIES: readonly Hostility[] = [
  {
    name: 'random bytes',
    reasons: ['NOT_CONFLUENT', 'GUID_HEADER', 'UNKNOWN_SCHEMA_ID', 'DECODE_FAILED'],
    value: ({ random }) => bytes(Math.floor(random() * 300), random),
  },
  {
    name: 'random bytes under a good header',
    reasons: ['DECODE_FAILED', 'BUDGET_EXCEEDED'],
    value: (draw) => headed(draw, bytes(Math.floor(draw.random() * 40), draw.random)),
  },
  {
    name: 'cut off',
    reasons: ['DECODE_FAILED', 'NOT_CONFLUENT'],
    value: (draw) => {
      const whole = headed(draw, body({}));
      return whole.subarray(0, Math.floor(draw.random() * whole.length));
    },
  },
  { name: 'empty', reasons: ['NOT_CONFLUENT'], value: () => Buffer.alloc(0) },
  bomb('bytes left over', DECODE, { kind: Buffer.concat([GOOD.kind, Buffer.alloc(9)]) }),
  {
    name: 'an id nobody knows',
    reasons: ['UNKNOWN_SCHEMA_ID'],
    value: (draw) => headed({ ...draw, schemaId: 1_000_000 + draw.index }, body({})),
  },
  {
    name: 'the greatest id',
    reasons: ['UNKNOWN_SCHEMA_ID'],
    value: (draw) => headed({ ...draw, schemaId: 0xffffffff }, body({})),
  },
  {
    name: 'a GUID header',
    reasons: ['GUID_HEADER'],
    value: ({ random }) => Buffer.concat([Buffer.from([1]), bytes(16, random), body({})]),
  },
  bomb('a text of 2^40 bytes', DECODE, { id: varint(TERA) }),
  bomb('a text of negative length', DECODE, { id: varint(-5n) }),
  bomb('a number without end', DECODE, { id: Buffer.alloc(5_000, 0xff) }),
  bomb('an int of 2^40', DECODE, { n: varint(TERA) }),
  bomb('a boolean of 2', DECODE, { ok: Buffer.from([2]) }),
  bomb('a time beyond the calendar', DECODE, { at: varint((1n << 63n) - 1n) }),
  bomb('a symbol that is not there', DECODE, { kind: varint(9n) }),
  bomb('a branch that is not there', DECODE, { tree: varint(-1n) }),
  bomb('a tree of 50,000 levels', BUDGET, { tree: Buffer.alloc(50_000, 2) }),
  bomb('2^40 nulls', BUDGET, { nothings: list(TERA) }),
  bomb('2^63 nulls in a block with a size', BUDGET, { nothings: sizedList((1n << 63n) - 1n, 0n) }),
  bomb('-2^63 nulls', ['BUDGET_EXCEEDED', 'DECODE_FAILED'], { nothings: list(-(1n << 63n)) }),
  bomb('2^40 records without fields', BUDGET, { hollows: list(TERA) }),
  bomb('2^40 fixed values of no bytes', BUDGET, { blanks: list(TERA) }),
  bomb('many small blocks of nulls', BUDGET, {
    nothings: Buffer.concat([Buffer.alloc(20_000, 2), varint(0n)]),
  }),
  bomb('2^40 texts', DECODE, { names: list(TERA) }),
  bomb('a block that is shorter than it says', DECODE, {
    names: Buffer.concat([sizedList(1n, 9n), text('x'), varint(0n)]),
  }),
  bomb('a block that reaches beyond the value', DECODE, {
    names: Buffer.concat([sizedList(1n, TERA), text('x'), varint(0n)]),
  }),
  bomb('a block of negative size', DECODE, { names: sizedList(1n, -9n) }),
  bomb('2^40 entries', DECODE, { attributes: list(TERA) }),
  bomb('a key __proto__', DECODE, {
    attributes: Buffer.concat([varint(1n), text('__proto__'), text('x'), varint(0n)]),
  }),
  bomb('a key __proto__ behind a good one', DECODE, {
    attributes: Buffer.concat([
      varint(2n),
      text('constructor'),
      text('x'),
      text('__proto__'),
      text('x'),
      varint(0n),
    ]),
  }),
];

function bomb(
  name: string,
  reasons: readonly ErrorCode[],
  parts: Partial<Record<keyof typeof GOOD, Buffer>>,
): Hostility {
  return { name, reasons, value: (draw) => headed(draw, body(parts)) };
}

function body(parts: Partial<Record<keyof typeof GOOD, Buffer>>): Buffer {
  return Buffer.concat(Object.values({ ...GOOD, ...parts }));
}

function headed({ schemaId }: Pick<Draw, 'schemaId'>, avro: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(schemaId, 1);
  return Buffer.concat([header, avro]);
}

function list(count: bigint): Buffer {
  return varint(count);
}

function sizedList(count: bigint, size: bigint): Buffer {
  return Buffer.concat([varint(-count), varint(size)]);
}

function text(value: string): Buffer {
  return Buffer.concat([varint(BigInt(Buffer.byteLength(value))), Buffer.from(value)]);
}

function bytes(length: number, random: () => number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
}

function varint(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const digits: number[] = [];
  while (rest >= 128n) {
    digits.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  digits.push(Number(rest));
  return Buffer.from(digits);
}
