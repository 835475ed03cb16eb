import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventQueue } from '../../../src/concurrency/event-queue.ts';

test('every event comes out once and in order, whoever is first', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean()), async (pushesFirst) => {
      const queue = new EventQueue<number>();
      for (const [event, isFirst] of pushesFirst.entries()) {
        const next = isFirst ? null : queue.next();
        queue.push(event);
        expect(await (next ?? queue.next())).toBe(event);
      }
    }),
  );
});

test('a second consumer is refused', () => {
  const queue = new EventQueue<number>();
  void queue.next();
  expect(() => queue.next()).toThrow('one consumer');
});
