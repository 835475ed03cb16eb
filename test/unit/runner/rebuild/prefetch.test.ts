import { expect, it } from 'vitest';
import { prefetch } from '../../../../src/runner/rebuild/prefetch.ts';

it('asks for the first item at once, and for each other one only when it is wanted', async () => {
  const made: number[] = [];
  let isClosed = false;
  async function* items() {
    try {
      for (let n = 0; ; n += 1) {
        made.push(n);
        yield n;
      }
    } finally {
      isClosed = true;
    }
  }
  const early = prefetch(items());
  await early.begun;
  expect(made).toEqual([0]);
  expect(await early.next()).toEqual({ done: false, value: 0 });
  expect(made).toEqual([0]);
  expect(await early.next()).toEqual({ done: false, value: 1 });
  await early.return?.();
  expect(isClosed).toBe(true);
});

it('tells whoever takes the first item why there is none, and nobody else', async () => {
  // biome-ignore lint/correctness/useYield: it fails before
  async function* items(): AsyncGenerator<number, void> {
    throw new Error('no log');
  }
  const early = prefetch(items());
  await early.begun;
  await expect(early.next()).rejects.toThrow('no log');
  expect(await early.next()).toEqual({ done: true, value: undefined });
});
