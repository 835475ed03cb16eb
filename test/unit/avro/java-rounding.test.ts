import { describe, expect, it } from 'vitest';
import { createEventDecoder } from '../../../src/avro/decode/event-decoder.ts';
import { createEventEncoder } from '../../../src/avro/decode/event-encoder.ts';
import { createFieldDecoder } from '../../../src/avro/decode/field-decoder.ts';
import { batchOf, event, plain } from './decoding.ts';

/** What a value written under one type reads as under another: as a whole event and as a column. */
function readBoth(writer: unknown, reader: unknown, value: unknown): readonly unknown[] {
  const from = event([{ name: 'n', type: writer }]);
  const to = event([{ name: 'n', type: reader }]);
  const bytes = createEventEncoder(from).encode({ n: value }, 1);
  const whole = createEventDecoder(to);
  whole.resolve(1, from.schemaText ?? '');
  const named = createFieldDecoder({ event: to, fields: ['n'] });
  named.resolve(1, from.schemaText ?? '');
  const [column] = named.decode(batchOf([bytes])).columns;
  return [whole.decode(bytes)['n'], column === undefined ? undefined : plain(column, 0)];
}

describe('a number read as a wider one', () => {
  // The expected values are those of Java's casts (double) and (float).
  it.each([
    ['long', 'double', 2n ** 53n + 1n, 2 ** 53],
    ['long', 'double', 2n ** 53n + 3n, 2 ** 53 + 4],
    ['long', 'double', -(2n ** 62n) - 257n, -(2 ** 62)],
    ['long', 'double', (1n << 63n) - 1n, 2 ** 63],
    ['long', 'double', -(1n << 63n), -(2 ** 63)],
    ['long', 'float', 2n ** 60n + 2n ** 36n, 2 ** 60],
    ['long', 'float', 2n ** 60n + 2n ** 36n + 1n, 2 ** 60 + 2 ** 37],
    ['long', 'float', -(2n ** 60n) - 2n ** 36n - 1n, -(2 ** 60) - 2 ** 37],
    ['int', 'float', 16_777_217, 16_777_216],
  ])('%s as %s rounds once, to the nearest: %d', (writer, reader, value, wanted) => {
    expect(readBoth(writer, reader, value)).toEqual([wanted, wanted]);
  });

  it.each([
    ['int', ['null', 'double', 'int'], 7, 'int'],
    ['int', ['float', 'long'], 7, 'float'],
    ['long', ['string', 'double', 'float'], 7n, 'double'],
  ])('%s takes the branch of %j that Java takes', (writer, reader, value, branch) => {
    const [whole] = readWhole(writer, reader, value);
    expect(whole).toEqual({ [branch]: 7 });
  });

  it('takes a default of a later branch of the union', () => {
    const from = event([{ name: 'a', type: 'int' }]);
    const to = event([{ name: 'n', type: ['null', 'long'], default: 5 }]);
    const decoder = createEventDecoder(to);
    decoder.resolve(1, from.schemaText ?? '');
    expect(decoder.decode(createEventEncoder(from).encode({ a: 1 }, 1))).toEqual({ n: 5n });
  });
});

function readWhole(writer: unknown, reader: unknown, value: unknown): readonly unknown[] {
  const from = event([{ name: 'n', type: writer }]);
  const decoder = createEventDecoder(event([{ name: 'n', type: reader }]));
  decoder.resolve(1, from.schemaText ?? '');
  return [decoder.decode(createEventEncoder(from).encode({ n: value }, 1))['n']];
}
