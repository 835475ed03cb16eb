import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventDecoder } from '../../../src/avro/decode/event-decoder.ts';
import { createEventEncoder } from '../../../src/avro/decode/event-encoder.ts';
import { eventFields } from '../../../src/avro/decode/event-fields.ts';
import { createFieldDecoder } from '../../../src/avro/decode/field-decoder.ts';
import {
  createOpeningEventDecoder,
  createOpeningFieldDecoder,
} from '../../../src/avro/decode/opening-field-decoder.ts';
import { readerSource } from '../../../src/avro/decode/reader-source.ts';
import { newKeyId } from '../../../src/avro/pii/pii-envelope.ts';
import { sealEvent } from '../../../src/avro/pii/seal-event.ts';
import { parseRecordSchema } from '../../../src/avro/schema/parse-schema.ts';
import { defineAvroEvent } from '../../../src/event/define-avro-event.ts';
import type { EventDefinition, Upcaster } from '../../../src/event/event-definition.ts';
import type { FieldColumn } from '../../../src/event/field-columns.ts';
import { REDACTED } from '../../../src/event/redacted.ts';
import { upcaster } from '../../../src/event/upcaster.ts';
import { eventArbitrary } from '../../../src/testing/event-arbitrary.ts';
import { batchOf, expected, plain } from './decoding.ts';

type Value = Readonly<Record<string, unknown>>;

function version(
  fields: readonly unknown[],
  more: { name?: string; doc?: string; evolution?: readonly [EventDefinition[], Upcaster[]] } = {},
): EventDefinition<Value> {
  const { name = 'Measured', doc, evolution } = more;
  const schema = JSON.stringify({ type: 'record', name, doc, fields });
  const record = parseRecordSchema(schema, 'test');
  return defineAvroEvent<Value>({
    name: 'Measured',
    topic: 't',
    fields: eventFields(record),
    schema,
    ...(evolution && { versions: evolution[0], upcasters: evolution[1] }),
  });
}

const sensor = { name: 'sensor', type: 'string' };
const seconds = { name: 'seconds', type: 'double', default: 0 };

// Version 1 to 2: an optional field. 2 to 3: milliseconds become seconds. 3 to 4: the optional
// field is split; 4 to today: a field with a default.
const v1 = version([sensor, { name: 'millis', type: 'int' }]);
const v2 = version([
  sensor,
  { name: 'millis', type: 'long' },
  { name: 'place', type: ['null', 'string'], default: null },
]);
const v3 = version([
  sensor,
  seconds,
  { name: 'place', type: ['null', 'string'], default: null },
  { name: 'quality', type: 'int', default: 7 },
]);
const v4 = version([
  sensor,
  seconds,
  { name: 'house', type: 'string', default: '' },
  { name: 'room', type: 'string', default: '' },
]);
const toSeconds = upcaster(v2, v3, ({ sensor: name, millis, place }) => ({
  sensor: name,
  seconds: Number(millis) / 1000,
  place,
  quality: 1,
}));
const splitPlace = upcaster(v3, v4, ({ place, quality: _, ...event }) => {
  const [house = '', room = ''] = ((place as string | null) ?? '').split('/');
  return { ...event, house, room };
});
const todaysFields = [
  sensor,
  seconds,
  { name: 'house', type: 'string', default: '' },
  { name: 'room', type: 'string', default: '' },
  { name: 'unit', type: 'string', default: 's' },
];
const today = version(todaysFields, {
  evolution: [
    [v1, v2, v3, v4],
    [splitPlace, toSeconds],
  ],
});

function read(event: EventDefinition<Value>, writer: EventDefinition, value: unknown): Value {
  const decoder = createEventDecoder(event);
  decoder.resolve(5, writer.schemaText ?? '');
  return decoder.decode(createEventEncoder(writer).encode(value, 5));
}

describe('upcasters', () => {
  it('lift every version to today, Avro resolving what is between them', () => {
    expect(read(today, v1, { sensor: 'a', millis: 1500 })).toEqual({
      sensor: 'a',
      seconds: 1.5,
      house: '',
      room: '',
      unit: 's',
    });
    expect(read(today, v2, { sensor: 'a', millis: 250n, place: 'hut/attic' })).toEqual({
      sensor: 'a',
      seconds: 0.25,
      house: 'hut',
      room: 'attic',
      unit: 's',
    });
    const third = { sensor: 'a', seconds: 2, place: 'hut', quality: 3 };
    expect(read(today, v3, third)).toMatchObject({ house: 'hut', room: '', seconds: 2 });
    const fourth = { sensor: 'a', seconds: 2, house: 'x', room: 'y' };
    expect(read(today, v4, fourth)).toEqual({ ...fourth, unit: 's' });
  });

  it('give columns what they give whole events, for whatever was written', () => {
    const fields = ['room', 'seconds', 'sensor'];
    const drawn = fc.constantFrom(v1, v2, v3, v4).chain((writer) =>
      fc.array(eventArbitrary(writer), { minLength: 1, maxLength: 5 }).map((values) => ({
        writer,
        values,
      })),
    );
    fc.assert(
      fc.property(drawn, ({ writer, values }) => {
        const encoder = createEventEncoder(writer);
        const decoder = createFieldDecoder({ event: today, fields });
        decoder.resolve(5, writer.schemaText ?? '');
        const decoded = decoder.decode(batchOf(values.map((value) => encoder.encode(value, 5))));
        expect(decoded.failures).toEqual([]);
        for (const [i, value] of values.entries()) {
          const whole = read(today, writer, value);
          const columns = decoded.columns.map((column) => plain(column as FieldColumn, i));
          expect(columns).toEqual(fields.map((name) => expected(whole[name])));
        }
      }),
    );
  });

  it('leave alone what no recorded version wrote', () => {
    const foreign = version([sensor, seconds, { name: 'extra', type: 'int' }]);
    expect(read(today, foreign, { sensor: 'a', seconds: 4, extra: 1 })).toMatchObject({
      seconds: 4,
      room: '',
    });
  });

  it('know a version by its JSON however it is laid out, else by its shape', () => {
    const event = { sensor: 'a', millis: 3000 };
    const laidOut = JSON.stringify(JSON.parse(v1.schemaText ?? ''), null, 2);
    const documented = version([sensor, { name: 'millis', type: 'int', doc: 'elapsed' }]);
    for (const writer of [{ ...v1, schemaText: laidOut }, documented]) {
      expect(read(today, writer, event)).toMatchObject({ seconds: 3 });
    }
  });

  it('ask for the recorded text where the shape alone leaves two meanings', () => {
    const inMillis = version([sensor, seconds], { doc: 'in milliseconds' });
    const inSeconds = version([sensor, seconds], { doc: 'in seconds' });
    const step = upcaster(inMillis, inSeconds, (event) => ({
      ...event,
      seconds: (event['seconds'] as number) / 1000,
    }));
    const now = version([sensor, seconds], { evolution: [[inMillis, inSeconds], [step]] });
    const event = { sensor: 'a', seconds: 3000 };
    expect(read(now, inMillis, event)).toMatchObject({ seconds: 3 });
    expect(read(now, inSeconds, event)).toMatchObject({ seconds: 3000 });
    const fields = ['seconds'];
    const generated = (schemaText = '') => readerSource({ event: now, fields, schemaText });
    expect(generated(inMillis.schemaText)).toBeNull();
    expect(generated(inSeconds.schemaText)).not.toBeNull();
    const neither = version([sensor, seconds], { doc: 'in something' });
    expect(() => read(now, neither, event)).toThrow(
      expect.objectContaining({
        code: 'INCOMPATIBLE_SCHEMA',
        message: expect.stringContaining('versions 1 and 2') as string,
      }),
    );
  });

  it('fail the record they cannot lift, and no other', () => {
    const picky = upcaster(v2, v3, (event) => {
      if (event['millis'] === 13n) throw new Error('thirteen');
      const lifted = { sensor: event['sensor'], seconds: event['millis'], place: null, quality: 1 };
      return event['millis'] === 14n ? lifted : { ...lifted, seconds: Number(event['millis']) };
    });
    const event = version(todaysFields, { evolution: [[v1, v2, v3, v4], [picky]] });
    const encoder = createEventEncoder(v1);
    const decoder = createFieldDecoder({ event, fields: ['seconds'] });
    decoder.resolve(5, v1.schemaText ?? '');
    const decoded = decoder.decode(
      batchOf([12, 13, 14, 15].map((millis) => encoder.encode({ sensor: 'a', millis }, 5))),
    );
    expect(decoded.failures.map(({ index, error }) => [index, error.message])).toEqual([
      [1, expect.stringContaining('from version 2 to 3 threw: thirteen')],
      [2, expect.stringContaining('gave bigint for seconds')],
    ]);
    expect(decoded.failures.map(({ error }) => 'code' in error && error.code)).toEqual([
      'UPCAST_FAILED',
      'UPCAST_FAILED',
    ]);
    const column = decoded.columns[0] as FieldColumn;
    expect([plain(column, 0), plain(column, 3)]).toEqual([12, 15]);
  });

  it('see pii fields decrypted, and redacted ones where the key is gone', () => {
    const name = { name: 'name', type: 'string', pii: 'sensor' };
    const was = version([sensor, name]);
    const first = { name: 'first', type: 'string', default: '', pii: 'sensor' };
    const is = version([sensor, first]);
    const step = upcaster(was, is, ({ sensor: id, name: given }) => ({
      sensor: id,
      first: (given as string).split(' ')[0],
    }));
    const now = version([sensor, first], { evolution: [[was, is], [step]] });
    const dataKey = { id: newKeyId(), key: randomBytes(32) };
    const sealed = sealEvent(was, { sensor: 'a', name: 'Ada King' }, new Map([['a', dataKey]]));
    const bytes = createEventEncoder(was).encode(sealed as Value, 5);
    expect(bytes.toString('latin1')).not.toContain('Ada');
    const opened = (key: Buffer | 'forgotten') => {
      const decoder = createOpeningEventDecoder(now, { keyOf: () => key });
      decoder.resolve(5, was.schemaText ?? '');
      return decoder.decode(bytes);
    };
    expect(opened(dataKey.key)).toEqual({ sensor: 'a', first: 'Ada' });
    expect(opened('forgotten')).toEqual({ sensor: 'a', first: REDACTED });
    const decoder = createOpeningFieldDecoder(
      { event: now, fields: ['first'] },
      { keyOf: () => dataKey.key },
    );
    decoder.resolve(5, was.schemaText ?? '');
    const [column] = decoder.decode(batchOf([bytes])).columns;
    expect(plain(column as FieldColumn, 0)).toBe('Ada');
  });

  it('fail a truncated record as any other', () => {
    const decoder = createEventDecoder(today);
    decoder.resolve(5, v1.schemaText ?? '');
    const bytes = createEventEncoder(v1).encode({ sensor: 'abc', millis: 1 }, 5);
    expect(() => decoder.decode(bytes.subarray(0, bytes.length - 1))).toThrow(/bytes/);
    expect(() => decoder.decode(Buffer.concat([bytes, Buffer.alloc(1)]))).toThrow(/left over/);
  });

  it.each([
    ['lead backwards', [upcaster(v3, v2, (event) => event)], 'does not lead to a later version'],
    [
      'overlap',
      [upcaster(v1, v3, (event) => event), toSeconds],
      'from version 2 to 3 begins before another has ended',
    ],
    ['are strangers', [upcaster(version([sensor]), v3, (e) => e)], 'not recorded ones'],
  ])('are refused when they %s', (_, upcasters, message) => {
    expect(() => version(todaysFields, { evolution: [[v1, v2, v3], upcasters] })).toThrow(
      expect.objectContaining({
        code: 'DEFINITION_INVALID',
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});
