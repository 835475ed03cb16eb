import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createEventDecoder } from '../../../../src/avro/decode/event-decoder.ts';
import { createEventEncoder } from '../../../../src/avro/decode/event-encoder.ts';
import { createFieldDecoder } from '../../../../src/avro/decode/field-decoder.ts';
import { Decimal } from '../../../../src/event/decimal.ts';
import type { FieldColumn } from '../../../../src/event/field-columns.ts';
import { batchOf, event, expected, plain } from '../decoding.ts';

const long = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
const kinds: readonly (readonly [unknown, fc.Arbitrary<unknown>])[] = [
  ['boolean', fc.boolean()],
  ['int', fc.integer()],
  ['long', fc.oneof(long, fc.bigInt({ min: -100n, max: 100n }))],
  ['float', fc.float({ noNaN: true })],
  ['double', fc.double({ noNaN: true })],
  ['string', fc.string({ unit: 'grapheme' })],
  ['bytes', fc.uint8Array().map((bytes) => Buffer.from(bytes))],
  [{ type: 'string', logicalType: 'uuid' }, fc.uuid()],
  [{ type: 'enum', name: 'E', symbols: ['A', 'BB', 'C'] }, fc.constantFrom('A', 'BB', 'C')],
  [{ type: 'int', logicalType: 'date' }, fc.constantFrom('1969-12-31', '2024-02-29')],
  [{ type: 'long', logicalType: 'timestamp-millis' }, fc.date({ noInvalidDate: true })],
  [{ type: 'long', logicalType: 'timestamp-micros' }, long],
  [
    { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 },
    fc.bigInt({ min: -(10n ** 12n) + 1n, max: 10n ** 12n - 1n }).map((n) => new Decimal(n, 2)),
  ],
];

const things = fc
  .uniqueArray(fc.tuple(fc.nat(kinds.length - 1), fc.boolean()), {
    minLength: 1,
    selector: ([kind]) => kind,
  })
  .chain((picks) => {
    const fields = picks.map(([kind, nullable], index) => ({
      name: `f${index}`,
      type: nullable ? ['null', kinds[kind]?.[0]] : kinds[kind]?.[0],
    }));
    const values = picks.map(([kind, nullable], index) => {
      const arbitrary = kinds[kind]?.[1] as fc.Arbitrary<unknown>;
      return [`f${index}`, nullable ? fc.option(arbitrary) : arbitrary] as const;
    });
    return fc.tuple(
      fc.constant(fields),
      fc.array(fc.record(Object.fromEntries(values)), { minLength: 1, maxLength: 8 }),
    );
  });

it('agrees with the whole-event path on every type', () => {
  fc.assert(
    fc.property(things, ([fields, values]) => {
      const definition = event(fields);
      const names = fields.map((field) => field.name);
      const encoder = createEventEncoder(definition);
      const whole = createEventDecoder(definition);
      const decoder = createFieldDecoder({ event: definition, fields: names });
      const encoded = values.map((value) => encoder.encode(value, 7));
      const batch = batchOf([...encoded, null]);
      expect(decoder.unresolvedSchemaIds(batch)).toEqual([7]);
      whole.resolve(7, definition.schemaText as string);
      decoder.resolve(7, definition.schemaText as string);
      const { columns, failures, absent } = decoder.decode(batch);
      expect(failures).toEqual([]);
      expect(absent?.[values.length]).toBe(1);
      encoded.forEach((bytes, index) => {
        const decoded = whole.decode(bytes);
        names.forEach((name, column) => {
          expect(plain(columns[column] as FieldColumn, index)).toEqual(expected(decoded[name]));
          expect(expected(decoded[name])).toEqual(expected(values[index]?.[name]));
        });
      });
    }),
  );
});

it('fails alone and with a type on truncated and random values', () => {
  const definition = event([
    { name: 'text', type: 'string' },
    { name: 'list', type: { type: 'array', items: 'null' } },
    { name: 'n', type: ['null', 'long'] },
  ]);
  const good = createEventEncoder(definition).encode({ text: 'hello', list: [], n: 5n }, 7);
  const whole = createEventDecoder(definition);
  const decoder = createFieldDecoder({ event: definition, fields: ['text', 'n'] });
  whole.resolve(7, definition.schemaText as string);
  decoder.resolve(7, definition.schemaText as string);
  const header = good.subarray(0, 5);
  const bad = fc.oneof(
    fc.nat(good.length - 1).map((length) => good.subarray(0, length)),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.concat([header, bytes])),
  );
  fc.assert(
    fc.property(bad, (bytes) => {
      const { columns, failures } = decoder.decode(batchOf([good, bytes, good]));
      for (const index of [0, 2]) {
        expect(plain(columns[0] as FieldColumn, index)).toBe('hello');
        expect(plain(columns[1] as FieldColumn, index)).toBe(5n);
      }
      let code: unknown = null;
      try {
        whole.decode(bytes);
      } catch (error) {
        code = (error as { code?: unknown }).code;
        expect(code).toMatch(/NOT_CONFLUENT|DECODE_FAILED|BUDGET_EXCEEDED/);
      }
      expect(failures.map((failure) => failure.index)).toEqual(code === null ? [] : [1]);
    }),
    { numRuns: 500 },
  );
});

it('stops a bomb of two billion empty items', () => {
  const definition = event([{ name: 'list', type: { type: 'array', items: 'null' } }]);
  const whole = createEventDecoder(definition);
  whole.resolve(7, definition.schemaText as string);
  const bomb = Buffer.from([0, 0, 0, 0, 7, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0]);
  expect(() => whole.decode(bomb)).toThrow(expect.objectContaining({ code: 'BUDGET_EXCEEDED' }));
});

it('counts empty items over the whole record, whatever is requested', () => {
  const nulls = { type: 'array', items: 'null' };
  const definition = event([
    { name: 'one', type: nulls },
    { name: 'two', type: nulls },
    { name: 'n', type: 'int' },
  ]);
  const decoder = createFieldDecoder({ event: definition, fields: ['n'] });
  decoder.resolve(7, definition.schemaText as string);
  const list = [0xe0, 0x5d, 0]; // 6,000 items
  const full = Buffer.from([0, 0, 0, 0, 7, ...list, 0, 4]);
  const { columns, failures } = decoder.decode(
    batchOf([full, Buffer.from([0, 0, 0, 0, 7, ...list, ...list, 4]), full]),
  );
  expect(failures).toMatchObject([{ index: 1, error: { code: 'BUDGET_EXCEEDED' } }]);
  expect([0, 2].map((index) => plain(columns[0] as FieldColumn, index))).toEqual([2, 2]);
});
