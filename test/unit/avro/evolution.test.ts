import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventDecoder } from '../../../src/avro/decode/event-decoder.ts';
import { createEventEncoder } from '../../../src/avro/decode/event-encoder.ts';
import { createFieldDecoder } from '../../../src/avro/decode/field-decoder.ts';
import type { FieldColumn } from '../../../src/event/field-columns.ts';
import { batchOf, event, expected, plain } from './decoding.ts';

/** How one field may change between writer and reader, with what a written value then reads as. */
interface Change {
  readonly writer: unknown;
  readonly reader: unknown;
  readonly values: fc.Arbitrary<unknown>;
  readonly reads: (written: never) => unknown;
}

const same = (value: never) => value;
const int = fc.integer();
const safe = fc.bigInt({ min: -(2n ** 53n) + 1n, max: 2n ** 53n - 1n });
const text = fc.string({ unit: 'grapheme' });
const bytes = fc.uint8Array().map((each) => Buffer.from(each));
const symbols = (list: string[], more = {}) => ({
  type: 'enum',
  name: 'E',
  symbols: list,
  ...more,
});

const CHANGES: readonly Change[] = [
  { writer: 'int', reader: 'int', values: int, reads: same },
  { writer: 'int', reader: 'long', values: int, reads: (n: never) => BigInt(n) },
  { writer: 'int', reader: 'double', values: int, reads: same },
  { writer: 'int', reader: ['null', 'long'], values: int, reads: (n: never) => BigInt(n) },
  { writer: 'long', reader: 'double', values: safe, reads: (n: never) => Number(n) },
  { writer: 'float', reader: 'double', values: fc.float({ noNaN: true }), reads: same },
  { writer: 'string', reader: 'bytes', values: text, reads: (t: never) => Buffer.from(t) },
  {
    writer: 'bytes',
    reader: 'string',
    values: text.map((t) => Buffer.from(t)),
    reads: (b: never) => String(b),
  },
  { writer: 'string', reader: ['null', 'string'], values: text, reads: same },
  { writer: 'bytes', reader: ['null', 'bytes'], values: bytes, reads: same },
  {
    writer: ['null', 'double'],
    reader: ['double', 'null'],
    values: fc.option(fc.double({ noNaN: true })),
    reads: same,
  },
  {
    writer: symbols(['A', 'B', 'C']),
    reader: symbols(['C', 'A', 'X'], { default: 'X' }),
    values: fc.constantFrom('A', 'B', 'C'),
    reads: (symbol: never) => (symbol === 'B' ? 'X' : symbol),
  },
  {
    writer: { type: 'long', logicalType: 'timestamp-millis' },
    reader: ['null', { type: 'long', logicalType: 'timestamp-millis' }],
    values: fc.date({ noInvalidDate: true }),
    reads: same,
  },
];

const histories = fc
  .record({
    picks: fc.array(fc.nat(CHANGES.length - 1), { minLength: 1, maxLength: 6 }),
    order: fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
    renamed: fc.boolean(),
  })
  .map(({ picks, order, renamed }) => {
    // One enum at most: a name may be defined once in a schema.
    const chosen = picks.filter(
      (pick, i) => CHANGES[pick]?.writer !== CHANGES[11]?.writer || picks.indexOf(pick) === i,
    );
    const changes = chosen.map((pick) => CHANGES[pick] as Change);
    const writer = [
      { name: 'removed', type: { type: 'array', items: ['null', 'string'] } },
      ...changes.map(({ writer: type }, i) => ({ name: `f${i}`, type })),
      { name: 'alsoRemoved', type: 'string' },
    ];
    const reader = [
      ...changes.map(({ reader: type }, i) =>
        renamed && i === 0 ? { name: 'g0', aliases: ['f0'], type } : { name: `f${i}`, type },
      ),
      { name: 'added', type: 'long', default: 42 },
      { name: 'addedNull', type: ['null', 'string'], default: null },
    ];
    reader.sort(
      (a, b) => (order[reader.indexOf(a) % 6] ?? 0) - (order[reader.indexOf(b) % 6] ?? 0),
    );
    return { changes, writer, reader, renamed };
  });

describe('an event written under an older schema', () => {
  it('reads the same by columns and as a whole, and as Avro says', () => {
    fc.assert(
      fc.property(
        histories.chain((history) =>
          fc.tuple(
            fc.constant(history),
            fc.array(fc.tuple(...history.changes.map(({ values }) => values)), {
              minLength: 1,
              maxLength: 5,
            }),
          ),
        ),
        ([{ changes, writer, reader, renamed }, rows]) => {
          const [written, read] = [event(writer), event(reader)];
          const names = read.fields.map(({ name }) => name);
          const encoder = createEventEncoder(written);
          const encoded = rows.map((row) => {
            const values = row.map((value, i) => [`f${i}`, value] as const);
            return encoder.encode(
              { removed: [null, 'x'], alsoRemoved: 'y', ...Object.fromEntries(values) },
              3,
            );
          });
          const whole = createEventDecoder(read);
          const columnar = createFieldDecoder({ event: read, fields: names });
          whole.resolve(3, written.schemaText as string);
          columnar.resolve(3, written.schemaText as string);
          const { columns, failures } = columnar.decode(batchOf(encoded));
          expect(failures).toEqual([]);
          encoded.forEach((value, row) => {
            const event = whole.decode(value) as Record<string, unknown>;
            const wanted: Record<string, unknown> = { added: 42n, addedNull: null };
            changes.forEach((change, i) => {
              wanted[renamed && i === 0 ? 'g0' : `f${i}`] = change.reads(rows[row]?.[i] as never);
            });
            expect(event).toEqual(wanted);
            names.forEach((name, column) => {
              expect(plain(columns[column] as FieldColumn, row)).toEqual(expected(wanted[name]));
            });
          });
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('bytes that are no event', () => {
  const list = (items: unknown) => event([{ name: 'list', type: { type: 'array', items } }]);
  const map = event([{ name: 'map', type: { type: 'map', values: 'int' } }]);
  const nested = event([
    {
      name: 'node',
      type: {
        type: 'record',
        name: 'Node',
        fields: [{ name: 'next', type: ['null', 'Node'], default: null }],
      },
    },
  ]);
  const huge = [0xfe, 0xff, 0xff, 0xff, 0x0f];
  const bombs: [string, ReturnType<typeof event>, number[]][] = [
    ['an array of two billion nothings', list('null'), [...huge, 0]],
    ['an array of two billion strings', list('string'), [...huge, 0]],
    [
      'arrays of arrays that claim two billion items',
      list({ type: 'array', items: 'null' }),
      [2, ...huge, 0, 0],
    ],
    ['a map of two billion entries', map, [...huge, 0]],
    ['a string longer than the record', event([{ name: 's', type: 'string' }]), [...huge, 65]],
    ['a string of negative length', event([{ name: 's', type: 'string' }]), [1]],
    ['a branch that the union lacks', event([{ name: 'u', type: ['null', 'int'] }]), [40, 2]],
    ['a record a hundred thousand deep', nested, new Array<number>(100_000).fill(2)],
    ['a boolean of 2', event([{ name: 'b', type: 'boolean' }]), [2]],
    ['bytes left over', event([{ name: 'b', type: 'boolean' }]), [1, 1]],
    ['nothing at all', event([{ name: 'b', type: 'boolean' }]), []],
  ];

  it.each(bombs)('%s fails at once, by columns and as a whole', (_name, definition, payload) => {
    const value = Buffer.from([0, 0, 0, 0, 7, ...payload]);
    const text = definition.schemaText as string;
    const whole = createEventDecoder(definition);
    whole.resolve(7, text);
    const code = expect.stringMatching(/^(DECODE_FAILED|BUDGET_EXCEEDED)$/);
    expect(() => whole.decode(value)).toThrow(expect.objectContaining({ code }));
    const columnar = createFieldDecoder({ event: definition, fields: [] });
    columnar.resolve(7, text);
    const { failures } = columnar.decode(batchOf([value]));
    expect(failures.map(({ error }) => error)).toEqual([expect.objectContaining({ code })]);
  });

  it.each([
    ['an empty value', [], 'NOT_CONFLUENT'],
    ['four bytes', [0, 0, 0, 1], 'NOT_CONFLUENT'],
    ['another magic byte', [7, 0, 0, 0, 1, 1], 'NOT_CONFLUENT'],
    ['the header with a GUID', [1, ...new Array<number>(16).fill(9), 1], 'GUID_HEADER'],
  ])('%s is told apart', (_name, raw, code) => {
    const definition = event([{ name: 'b', type: 'boolean' }]);
    const columnar = createFieldDecoder({ event: definition, fields: ['b'] });
    const { failures } = columnar.decode(batchOf([Buffer.from(raw)]));
    expect(failures.map(({ error }) => error)).toEqual([expect.objectContaining({ code })]);
    expect(failures[0]?.error.message).toContain('t[3]@0');
  });
});
