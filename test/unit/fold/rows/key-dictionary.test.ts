import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeyDictionary } from '../../../../src/fold/rows/key-dictionary.ts';

const idOf = (dictionary: KeyDictionary, key: Buffer) => dictionary.idOf(key, 0, key.length);

it('gives equal bytes one id and different bytes different ids, in order of first sight', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 200 }), (keys) => {
      const dictionary = new KeyDictionary();
      const ids = new Map<string, number>();
      for (const bytes of keys) {
        const padded = Buffer.concat([Buffer.of(1, 2), bytes, Buffer.of(3)]);
        const name = Buffer.from(bytes).toString('hex');
        const expected = ids.get(name) ?? ids.size;
        ids.set(name, expected);
        expect(dictionary.idOf(padded, 2, padded.length - 1)).toBe(expected);
      }
      expect(dictionary.count).toBe(ids.size);
      for (const [name, id] of ids) expect(dictionary.bytesOf(id).toString('hex')).toBe(name);
    }),
    { numRuns: 300 },
  );
});

it('keeps ids while it grows past many keys, colliding hashes among them', () => {
  // Of 300,000 keys some ten pairs share a 32-bit hash.
  const keys = Array.from({ length: 300_000 }, (_, i) =>
    Buffer.from(`key ${(i * 0x9e3779b1) >>> 0}`),
  );
  const dictionary = new KeyDictionary();
  const wrong = () => keys.filter((key, i) => idOf(dictionary, key) !== i).length;
  expect(wrong()).toBe(0);
  expect(wrong()).toBe(0);
  expect(dictionary.count).toBe(keys.length);
  expect(dictionary.bytesOf(299_999)).toEqual(keys[299_999]);
});

it('holds a key longer than all its room', () => {
  const dictionary = new KeyDictionary();
  const long = Buffer.alloc(300_000, 7);
  expect(idOf(dictionary, Buffer.from('a'))).toBe(0);
  expect(idOf(dictionary, long)).toBe(1);
  expect(idOf(dictionary, Buffer.from('a'))).toBe(0);
  expect(dictionary.bytesOf(1).equals(long)).toBe(true);
});

it('forgets every key when cleared', () => {
  const dictionary = new KeyDictionary();
  idOf(dictionary, Buffer.from('a'));
  dictionary.clear();
  expect(dictionary.count).toBe(0);
  expect(idOf(dictionary, Buffer.from('b'))).toBe(0);
  expect(idOf(dictionary, Buffer.from('a'))).toBe(1);
});
