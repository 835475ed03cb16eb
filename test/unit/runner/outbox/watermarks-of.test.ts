import fc from 'fast-check';
import { expect, test } from 'vitest';
import { watermarksOf } from '../../../../src/runner/outbox/topic-queue.ts';

const events = fc.array(
  fc.record({ target: fc.nat(2), timestampMs: fc.integer({ min: -20, max: 20 }) }),
  { maxLength: 30 },
);
const bound = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, null),
);

test('an event tells the least time of what follows in its partition, of what is not sent yet, and its own', () => {
  fc.assert(
    fc.property(events, bound, (sent, upTo) => {
      const expected = sent.map(({ target, timestampMs }, i) => {
        if (upTo === null || upTo === Number.NEGATIVE_INFINITY) return null;
        const behind = sent.slice(i + 1).filter((other) => other.target === target);
        return Math.min(timestampMs, upTo, ...behind.map((other) => other.timestampMs));
      });
      expect(watermarksOf(sent, upTo)).toEqual(expected);
    }),
  );
});
