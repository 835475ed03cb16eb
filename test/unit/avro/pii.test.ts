import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEventDecoder } from '../../../src/avro/decode/event-decoder.ts';
import { createEventEncoder } from '../../../src/avro/decode/event-encoder.ts';
import { createFieldDecoder } from '../../../src/avro/decode/field-decoder.ts';
import {
  createOpeningEventDecoder,
  createOpeningFieldDecoder,
} from '../../../src/avro/decode/opening-field-decoder.ts';
import {
  isSealed,
  type KeyRing,
  keyIdsIn,
  newKeyId,
  openValue,
  sealValue,
} from '../../../src/avro/pii/pii-envelope.ts';
import { piiFields } from '../../../src/avro/pii/pii-fields.ts';
import { sealEvent, subjectsOf } from '../../../src/avro/pii/seal-event.ts';
import { parseRecordSchema } from '../../../src/avro/schema/parse-schema.ts';
import type { EventDefinition } from '../../../src/event/event-definition.ts';
import { isRedacted, REDACTED } from '../../../src/event/redacted.ts';
import { batchOf, event, plain } from './decoding.ts';

const key = { id: newKeyId(), key: Buffer.alloc(32, 1) };
const ring: KeyRing = { keyOf: (id) => (id === key.id ? key.key : undefined) };
const forgotten: KeyRing = { keyOf: () => 'forgotten' };

const signedUp = event([
  { name: 'userId', type: 'int' },
  { name: 'email', type: 'string', pii: 'userId' },
  { name: 'photo', type: ['null', 'bytes'], default: null, pii: 'userId' },
  { name: 'city', type: 'string' },
]) as EventDefinition;
const value = { userId: 7, email: 'a@example.org', photo: Buffer.from([0, 255, 7]), city: 'Ulm' };

function encoded(of: unknown, keys = new Map([['7', key]])): Buffer {
  return createEventEncoder(signedUp).encode(sealEvent(signedUp, of, keys), 1);
}

function whole(bytes: Buffer, keys: KeyRing): unknown {
  const decoder = createOpeningEventDecoder(signedUp, keys);
  decoder.resolve(1, signedUp.schemaText ?? '');
  return decoder.decode(bytes);
}

function columns(values: readonly (Buffer | null)[], fields: readonly string[], keys: KeyRing) {
  const decoder = createOpeningFieldDecoder({ event: signedUp, fields }, keys);
  decoder.resolve(1, signedUp.schemaText ?? '');
  return decoder.decode(batchOf(values));
}

test('any value comes back whole, is ASCII when sealed, and names its key', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const sealed = sealValue(bytes, key);
      expect(sealed.every((byte) => byte < 0x80)).toBe(true);
      expect(isSealed(sealed, 0, sealed.length)).toBe(true);
      expect([
        ...keyIdsIn(Buffer.concat([bytes, sealed]), 0, bytes.length + sealed.length),
      ]).toContain(key.id);
      expect(openValue(sealed, 0, sealed.length, ring)).toEqual(Buffer.from(bytes));
      expect(sealValue(bytes, key).equals(sealed)).toBe(false);
    }),
  );
});

test('a sealed value that was changed anywhere is refused, and never read as something else', () => {
  const sealed = sealValue(Buffer.from('a@example.org'), key);
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed[at] = changed[at] === 0x41 ? 0x42 : 0x41;
    // Its mark is gone: plain text that says so itself.
    if (!isSealed(changed, 0, changed.length)) continue;
    const opened = () => openValue(changed, 0, changed.length, { keyOf: () => key.key });
    // The last character holds bits that base64 does not use.
    if (at === sealed.length - 1) continue;
    expect(opened).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
  }
  const cut = sealed.subarray(0, 45);
  expect(() => openValue(cut, 0, cut.length, ring)).toThrow(/cut off/);
});

test('whole events and named fields read what was published; null stays null', () => {
  const without = { ...value, photo: null };
  expect(whole(encoded(value), ring)).toEqual(value);
  expect(whole(encoded(without), ring)).toEqual(without);
  const read = columns([encoded(value), null, encoded(without)], ['city', 'email', 'photo'], ring);
  expect(read.failures).toEqual([]);
  expect(read.columns.map((column) => plain(column, 0))).toEqual(['Ulm', value.email, '\0ÿ\x07']);
  expect(read.columns.map((column) => plain(column, 2))).toEqual(['Ulm', value.email, null]);
  expect([...(read.absent ?? [])]).toEqual([0, 1, 0]);
});

test('without its key a subject reads as REDACTED, everything else as before', () => {
  const redacted = whole(encoded(value), forgotten) as typeof value;
  expect(redacted).toEqual({ ...value, email: REDACTED, photo: Buffer.from(REDACTED) });
  expect([redacted.email, redacted.photo, redacted.city].map(isRedacted)).toEqual([
    true,
    true,
    false,
  ]);
  const read = columns([encoded(value)], ['email', 'city'], forgotten);
  expect(read.columns.map((column) => plain(column, 0))).toEqual([REDACTED, 'Ulm']);
});

test('an unknown key fails its record alone; values that were never encrypted are read as they are', () => {
  const other = { id: newKeyId(), key: Buffer.alloc(32, 2) };
  const plainBytes = createEventEncoder(signedUp).encode(value, 1);
  const values = [encoded(value), encoded(value, new Map([['7', other]])), plainBytes];
  const read = columns(values, ['email', 'photo'], ring);
  expect(
    read.failures.map(({ index, error }) => [index, (error as { code?: string }).code]),
  ).toEqual([[1, 'UNKNOWN_DATA_KEY']]);
  expect([0, 2].map((i) => plain(read.columns[0] as never, i))).toEqual([value.email, value.email]);
  expect(whole(plainBytes, ring)).toEqual(value);
});

test('foreign readers see valid Avro, and a decoder that names no pii field is the plain one', () => {
  const decoder = createEventDecoder(signedUp);
  decoder.resolve(1, signedUp.schemaText ?? '');
  const seen = decoder.decode(encoded(value)) as typeof value;
  expect(seen).toMatchObject({ userId: 7, city: 'Ulm' });
  expect(seen.email).toMatch(/^pii:v1:[\w-]{22}:[\w-]+$/);
  const names = (of: object) => of.constructor.name;
  expect(names(createOpeningFieldDecoder({ event: signedUp, fields: ['city'] }, ring))).toBe(
    names(createFieldDecoder({ event: signedUp, fields: ['city'] })),
  );
});

test('an event needs the keys of its subjects, and refuses to hide data of nobody', () => {
  expect(subjectsOf(signedUp, value)).toEqual(['7']);
  expect(subjectsOf(signedUp, { ...value, email: null, photo: null })).toEqual([]);
  const named = event([
    { name: 'userId', type: 'string' },
    { name: 'email', type: 'string', pii: 'userId' },
  ]) as EventDefinition;
  expect(() => subjectsOf(named, { userId: '', email: 'x' })).toThrow(
    expect.objectContaining({ code: 'ENCODE_FAILED' }),
  );
  const wrongType = sealEvent(signedUp, { ...value, email: 5 }, new Map([['7', key]]));
  expect(() => createEventEncoder(signedUp).encode(wrongType, 1)).toThrow(/email is 5/);
});

test.each([
  ['a type that cannot hold it', { name: 'x', type: 'long', pii: 'id' }, /cannot be/],
  [
    'a logical type',
    { name: 'x', type: { type: 'string', logicalType: 'uuid' }, pii: 'id' },
    /cannot be/,
  ],
  ['a wider union', { name: 'x', type: ['string', 'bytes'], pii: 'id' }, /cannot be/],
  ['no such subject', { name: 'x', type: 'string', pii: 'nobody' }, /whose it is/],
  ['itself as its subject', { name: 'x', type: 'string', pii: 'x' }, /whose it is/],
  ['a subject that may be null', { name: 'x', type: 'string', pii: 'maybe' }, /not null/],
  [
    'a place inside another field',
    {
      name: 'x',
      type: {
        type: 'array',
        items: { type: 'record', name: 'In', fields: [{ name: 'y', type: 'string', pii: 'id' }] },
      },
    },
    /inside another field/,
  ],
])('a schema is refused that marks %s', (_what, field, message) => {
  const fields = [
    { name: 'id', type: 'string' },
    { name: 'maybe', type: ['null', 'string'] },
    field,
  ];
  const text = JSON.stringify({ type: 'record', name: 'Bad', fields });
  expect(() => piiFields(parseRecordSchema(text, 'bad.avsc'), 'bad.avsc')).toThrow(message);
});

test('hostile bytes in place of a sealed value never do more than fail their record', () => {
  const type = createEventEncoder(signedUp);
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (text) => {
      const bytes = type.encode({ ...value, email: `pii:v1:${text}` }, 1);
      const read = columns([bytes, encoded(value)], ['email'], ring);
      expect(plain(read.columns[0] as never, 1)).toBe(value.email);
      for (const { error } of read.failures) {
        expect((error as { code?: string }).code).toMatch(/^(DECODE_FAILED|UNKNOWN_DATA_KEY)$/);
      }
    }),
  );
});
