import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasPublished, publishedAt } from '../../../src/log/published-headers.ts';
import { sliceBatch } from '../../../src/log/slice-batch.ts';
import { batchWithHeaders, headersOf } from '../../support/published-batch.ts';

const SEQUENCE_HEADER = 'reprise-sequence';
const WATERMARK_HEADER = 'reprise-watermark';

const header = (key: string, value: string | null) => ({
  key,
  value: value === null ? null : Buffer.from(value),
});

const recordOf = (headers: readonly { key: string; value: Buffer | null }[]) => ({
  value: Buffer.from('value'),
  timestampMs: 0,
  headers,
});

/**
 * Headers of other producers: names of any length, some one letter from ours, values that hold
 * ours.
 */
const foreign = fc.array(
  fc.record({
    key: fc.oneof(
      fc.string(),
      fc.constantFrom('reprise-sequencf', 'reprise-id', 'Reprise-sequence'),
    ),
    value: fc.option(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        fc.constant(Buffer.from(`\x20${SEQUENCE_HEADER}\x06a:1`)),
      ),
      { nil: null },
    ),
  }),
  { maxLength: 4 },
);

const told = fc.record({
  publisher: fc.uuid(),
  sequence: fc.maxSafeNat(),
  watermarkMs: fc.option(
    fc.oneof(
      fc.integer(),
      fc.double({ noNaN: true }).filter((ms) => !Object.is(ms, -0)),
    ),
    { nil: null },
  ),
});

test('what a relay says of a record is read as it was written, between any other headers', () => {
  fc.assert(
    fc.property(foreign, told, foreign, (before, published, after) => {
      const { publisher, sequence, watermarkMs } = published;
      const ours = headersOf(publisher, sequence, watermarkMs);
      const others = before.filter(({ key }) => !key.startsWith('reprise-'));
      const batch = batchWithHeaders('t', 0, [
        recordOf(before),
        recordOf([...others, ...ours, ...after]),
      ]);
      expect(hasPublished(batch)).toBe(true);
      expect(publishedAt(batch, 0)).toBeNull();
      expect(publishedAt(batch, 1)).toEqual(published);
    }),
  );
});

test('a batch that no relay published is found to be one, also as a part of one', () => {
  fc.assert(
    fc.property(fc.array(foreign, { maxLength: 5 }), (records) => {
      const last = recordOf(headersOf('p', 1, 0));
      const batch = batchWithHeaders('t', 0, [...records.map(recordOf), last]);
      const until = records.length;
      const part = sliceBatch(batch, { from: 0, until }, { firstOffset: 0, nextOffset: until });
      expect(hasPublished(part)).toBe(false);
      expect(hasPublished(batch)).toBe(true);
    }),
  );
});

test.each([
  ['a number without a publisher', ':5', '0'],
  ['no number', 'p:', '0'],
  ['a number with a sign', 'p:-5', '0'],
  ['a number beyond the safe ones', 'p:9007199254740992', '0'],
  ['a number of other digits', 'p:0x5', '0'],
  ['a watermark that is no number', 'p:5', 'soon'],
  ['no watermark', 'p:5', null],
  ['no value', null, '0'],
])('%s is not what a relay says', (_, sequence, watermark) => {
  const headers = [
    header(SEQUENCE_HEADER, sequence),
    ...(watermark === null ? [] : [header(WATERMARK_HEADER, watermark)]),
  ];
  const batch = batchWithHeaders('t', 0, [recordOf(headers)]);
  expect(hasPublished(batch)).toBe(true);
  expect(publishedAt(batch, 0)).toBeNull();
});
