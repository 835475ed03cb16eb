import { expect, test } from 'vitest';
import { BoundedCache } from '../../../src/erasure/bounded-cache.ts';
import { noDataKeys } from '../../../src/erasure/data-keys.ts';
import { localKeyProvider } from '../../../src/erasure/local-key-provider.ts';

const base64 = (fill: number) => Buffer.alloc(32, fill).toString('base64');

test('the first local key wraps, all of them unwrap', async () => {
  const dataKey = Buffer.alloc(32, 9);
  const old = await localKeyProvider(`old:${base64(1)}`).wrap(dataKey);
  const rotated = localKeyProvider(`new:${base64(2)},\n old:${base64(1)}\n`);
  expect(await rotated.unwrap(old.wrapped, old.wrappingKey)).toEqual(dataKey);
  const wrapped = await rotated.wrap(dataKey);
  expect(wrapped.wrappingKey).toBe('new');
  expect(wrapped.wrapped.includes(dataKey)).toBe(false);
  expect(await rotated.unwrap(wrapped.wrapped, 'new')).toEqual(dataKey);
  await expect(rotated.unwrap(wrapped.wrapped, 'old')).rejects.toThrow();
  await expect(rotated.unwrap(wrapped.wrapped, 'gone')).rejects.toThrow(/"gone"/);
});

test.each(['', 'only-a-name', `short:${Buffer.alloc(16).toString('base64')}`, `a b:${base64(1)}`])(
  'text that is no list of keys is refused: %j',
  (text) => {
    expect(() => localKeyProvider(text)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  },
);

test('a cache forgets by age and by number', () => {
  let now = 0;
  const cache = new BoundedCache<number>({ entriesMax: 2, ttlMs: 10, now: () => now });
  cache.set('a', 1);
  now = 5;
  cache.set('b', 2);
  cache.set('c', 3);
  expect(['a', 'b', 'c'].map((name) => cache.get(name))).toEqual([undefined, 2, 3]);
  now = 15;
  expect(cache.get('b')).toBeUndefined();
});

test('without a provider nothing is encrypted or read, and the error says what to configure', async () => {
  await expect(noDataKeys.current('x')).rejects.toThrow(/REPRISE_WRAPPING_KEYS/);
  await expect(noDataKeys.byId(['x'])).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect((await noDataKeys.byId([])).size).toBe(0);
});
