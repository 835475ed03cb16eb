import { describe, expect, it } from 'vitest';
import { compileProjection } from '../../../../src/projection/compile/compile-projection.ts';
import {
  avg,
  count,
  first,
  last,
  quantile,
} from '../../../../src/projection/declare/aggregates.ts';
import { customWindows, sliding, tumbling } from '../../../../src/projection/declare/window.ts';
import { zScore } from '../../../../src/projection/declare/z-score.ts';
import type { WindowedPlan } from '../../../../src/projection/plan/plan.ts';
import {
  Acted,
  expectMistake,
  type Mistake,
  type Step,
  Told,
  Unkeyed,
  windowed,
} from './mistaken.ts';

const keyed = (from: Step['key']) => from(Acted).key('userId');
const minutes = (from: Step['key']) => keyed(from).window(tumbling('1 minute'));
const counted = (from: Step['key']) => minutes(from).measure({ events: count() });
const window = (...given: readonly unknown[]): Mistake[1] => {
  return (from) =>
    keyed(from)
      .window(...given)
      .measure({ events: count() });
};
const measure = (measures: unknown): Mistake[1] => {
  return (from) => minutes(from).measure(measures);
};

const ofWindows: readonly Mistake[] = [
  ['no window', window(), /^Metrics \.window\(…\): takes windows such as tumbling/],
  ['a size instead of a window', window('1 minute'), /^Metrics \.window\(…\): takes windows such/],
  [
    'size 0',
    (from) => keyed(from).window(tumbling(0)),
    /^Metrics tumbling\(size\): 0 is not longer/,
  ],
  [
    'a negative size',
    (from) => keyed(from).window(tumbling('-1 minute')),
    /^Metrics tumbling\(size\): "-1 minute" is not longer than nothing/,
  ],
  [
    'a size that is none',
    (from) => keyed(from).window(tumbling('1 fortnight')),
    /^Metrics tumbling\(size\): "1 fortnight" is not a duration/,
  ],
  [
    'no size',
    (from) => keyed(from).window(tumbling(undefined as never)),
    /^Metrics tumbling\(size\): undefined is not a duration/,
  ],
  [
    'no months',
    (from) => keyed(from).window(tumbling('0 months')),
    /^Metrics tumbling\(size\): 0 months is not longer than nothing/,
  ],
  [
    'an offset that is none',
    (from) => keyed(from).window(tumbling('1 hour', { offset: 'half' })),
    /^Metrics tumbling\(offset\): "half" is not a duration/,
  ],
  [
    'an offset of months',
    (from) => keyed(from).window(tumbling('1 month', { offset: '1 day' })),
    /^Metrics tumbling\(size, \{ offset \}\): calendar windows begin where/,
  ],
  [
    'an unknown time zone',
    (from) => keyed(from).window(tumbling('1 day', { timeZone: 'Europe/Nowhere' })),
    /^Metrics tumbling\(size, \{ timeZone \}\): there is no time zone "Europe\/Nowhere"/,
  ],
  [
    'a time zone of minutes',
    (from) => keyed(from).window(tumbling('5 minutes', { timeZone: 'Europe/Berlin' })),
    /^Metrics tumbling\(size, \{ timeZone \}\): "5 minutes" is no calendar unit/,
  ],
  [
    'an option that is none',
    (from) => keyed(from).window(tumbling('1 day', { timezone: 'UTC' } as never)),
    /^Metrics tumbling\(…\): there is no option "timezone"; there are offset, timeZone/,
  ],
  [
    'sliding windows of size 0',
    (from) => keyed(from).window(sliding(0, { every: 1 })),
    /^Metrics sliding\(size\): 0 is not longer than nothing/,
  ],
  [
    'sliding windows every nothing',
    (from) => keyed(from).window(sliding('1 minute', { every: 0 })),
    /^Metrics sliding\(every\): 0 is not longer than nothing/,
  ],
  [
    'sliding windows without a distance',
    (from) => keyed(from).window(sliding('1 minute', undefined as never)),
    /^Metrics sliding\(…\): its options are undefined; write \{ every: … \}/,
  ],
  [
    'windows of your own that are no function',
    (from) => keyed(from).window(customWindows('1 minute' as never)),
    /^Metrics customWindows\(…\): takes a function/,
  ],
  [
    'a size of 0 by hand',
    window({ kind: 'tumbling', sizeMs: 0, offsetMs: 0 }),
    /^Metrics \.window\(…\): the size of the windows is 0/,
  ],
  [
    'a distance of 0 by hand',
    window({ kind: 'sliding', sizeMs: 10, everyMs: 0, offsetMs: 0 }),
    /^Metrics \.window\(…\): the distance \(every\) of the windows is 0/,
  ],
  [
    'an offset that is missing by hand',
    window({ kind: 'tumbling', sizeMs: 10 }),
    /^Metrics \.window\(…\): the offset of the windows is undefined/,
  ],
];

const minute = tumbling('1 minute');
const ofOptions: readonly Mistake[] = [
  [
    'a lateness that is none',
    window(minute, { lateness: 'soon' }),
    /^Metrics \.window\(…\): lateness: "soon" is not a duration/,
  ],
  [
    'a negative lateness',
    window(minute, { lateness: '-1 minute' }),
    /^Metrics \.window\(…\): lateness must not be negative; it is "-1 minute"/,
  ],
  [
    'a drift that is none',
    window(minute, { maxDrift: Number.NaN }),
    /^Metrics \.window\(…\): maxDrift: NaN is not a duration/,
  ],
  [
    'a negative drift',
    window(minute, { maxDrift: -1 }),
    /^Metrics \.window\(…\): maxDrift must not be negative; it is -1/,
  ],
  [
    'idle 0',
    window(minute, { idle: 0 }),
    /^Metrics \.window\(…\): idle must be longer than nothing/,
  ],
  [
    'another late',
    window(minute, { late: 'drop' }),
    /^Metrics \.window\(…\): late is 'revise' or 'reject'/,
  ],
  [
    'another emit',
    window(minute, { emit: 'close' }),
    /^Metrics \.window\(…\): emit is 'update' or 'onClose', not "close"/,
  ],
  [
    'a misspelt option',
    window(minute, { latenes: '1 minute' }),
    /^Metrics \.window\(…\): there is no option "latenes"; there are lateness, late/,
  ],
  [
    'options that are none',
    window(minute, '10 seconds'),
    /^Metrics \.window\(…\): its options are a string; write \{ lateness: … \}/,
  ],
];

const ofScores: readonly Mistake[] = [
  [
    'a score of an unknown measure',
    measure({ mean: avg('value'), score: zScore('maen') }),
    /^Metrics \.measure\(\{ score \}\): zScore scores another measure .*; "maen" is none/,
  ],
  [
    'a score of itself',
    measure({ score: zScore('score') }),
    /^Metrics \.measure\(\{ score \}\): .*; "score" is a zScore itself/,
  ],
  [
    'a score of text',
    measure({ entry: first('userId'), score: zScore('entry') }),
    /^Metrics \.measure\(\{ score \}\): zScore needs a number; "entry" is text/,
  ],
  [
    'a score from no windows',
    measure({ mean: avg('value'), score: zScore('mean', { min: 0 }) }),
    /^Metrics \.measure\(\{ score \}\): zScore\("mean"\): min is 0; it takes a whole number from 1/,
  ],
  [
    'a score of keys without the record key',
    (from) =>
      from(Acted)
        .key('action')
        .window(minute)
        .measure({ mean: avg('value'), score: zScore('mean') }),
    /^Metrics \.key\(…\): does not contain the record key: Acted has the record key "userId"/,
  ],
];

const ofEmissions: readonly Mistake[] = [
  [
    'rows on close by a key without the record key',
    (from) => from(Acted).key('action').window(minute, { emit: 'onClose' }).measure({ n: count() }),
    /^Metrics \.key\(…\): does not contain the record key: Acted has the record key "userId"/,
  ],
  [
    'rows on close where records have no key',
    (from) =>
      from(Unkeyed).key('userId').window(minute, { emit: 'onClose' }).measure({ n: count() }),
    /^Metrics \.key\(…\): does not contain the record key: Unkeyed has no record key/,
  ],
  [
    'an event that is none',
    (from) => counted(from).onClose(undefined, () => null),
    /^Metrics \.onClose\(…\): is given undefined instead of an event definition/,
  ],
  [
    'no function',
    (from) => counted(from).onClose(Told),
    /^Metrics \.onClose\(…\): what makes Told is undefined, not a function/,
  ],
  [
    'an async function',
    (from) => counted(from).onClose(Told, async () => null),
    /^Metrics \.onClose\(…\): what makes Told is async/,
  ],
  [
    'an unknown column of the row',
    (from) =>
      counted(from).onClose(Told, (row: Record<string, unknown>) => ({
        userId: row['userId'],
        at: row['window_end'],
      })),
    /^Metrics \.onClose\(…\): the row has no column "userId"; it has user_id, window_start/,
  ],
  [
    'a field that the event has not',
    (from) =>
      counted(from).onClose(Told, (row: Record<string, unknown>) => ({
        userId: row['user_id'],
        when: row['window_end'],
      })),
    /^Metrics \.onClose\(…\): makes "when", and Told has no such field; it has userId, at/,
  ],
  [
    'a field missing',
    (from) =>
      counted(from).onClose(Told, (row: Record<string, unknown>) => ({ userId: row['user_id'] })),
    /^Metrics \.onClose\(…\): does not make "at", which Told has/,
  ],
  [
    'a field of another type',
    (from) =>
      counted(from).onClose(Told, (row: Record<string, unknown>) => ({
        userId: row['user_id'],
        at: row['events'],
      })),
    /^Metrics \.onClose\(…\): makes "at" of Told from a long; it is a timestamp-millis/,
  ],
  [
    'what is no event',
    (from) => counted(from).onClose(Told, () => 'closed'),
    /^Metrics \.onClose\(…\): makes a string instead of Told/,
  ],
  [
    'a misspelt option',
    (from) => counted(from).onClose(Told, () => null, { onrevise: true }),
    /^Metrics \.onClose\(…\): there is no option "onrevise"; there are onRevise/,
  ],
];

describe('a mistake in a windowed projection names class, step and field', () => {
  it.each(ofWindows)('windows: %s', (_, define, message) =>
    expectMistake(windowed(define), message),
  );
  it.each(ofOptions)('options: %s', (_, define, message) =>
    expectMistake(windowed(define), message),
  );
  it.each(ofScores)('a score: %s', (_, define, message) =>
    expectMistake(windowed(define), message),
  );
  it.each(ofEmissions)('what is published: %s', (_, define, message) =>
    expectMistake(windowed(define), message),
  );

  it('where the hidden table of baselines has a name that is too long', () => {
    const name = 'm'.repeat(55);
    expectMistake(
      windowed(measure({ mean: avg('value'), score: zScore('mean') }), { name }),
      /^Metrics name: "m+__baseline", its hidden table, is 69 bytes long with __v1/,
    );
  });
});

describe('what looks like a mistake and is none', () => {
  it('sliding windows further apart than they are long, windows of no events, a quantile of 1', () => {
    const fine = windowed((from) =>
      keyed(from)
        .window(sliding('1 minute', { every: '1 hour' }))
        .measure({ most: quantile('value', 1), least: quantile('value', 0), latest: last('at') }),
    );
    expect(compileProjection(fine)).toMatchObject({
      window: { sizeMs: 60_000, everyMs: 3_600_000 },
    });
  });

  it('functions of events that compute, which are checked when they are called', () => {
    const fine = windowed((from) =>
      counted(from).onClose(Told, (row: { user_id: string; window_end: Date }) => ({
        userId: row.user_id.toUpperCase(),
        at: new Date(row.window_end.getTime() + 1),
      })),
    );
    expect(compileProjection(fine).emissions).toHaveLength(1);
  });

  it('two filters of the same text that mean different things', () => {
    const above = (limit: number) => (event: { readonly value: number }) => event.value > limit;
    const few = above(1);
    const plan = compileProjection(
      windowed(
        measure({
          low: count({ where: few }),
          high: count({ where: above(10) }),
          again: count({ where: few }),
          finite: count({ where: { value: { lt: Infinity } } as never }),
          none: count({ where: { value: { lt: -Infinity } } as never }),
        }),
      ),
    ) as WindowedPlan;
    expect(plan.measures.map(({ filter }) => filter)).toEqual([0, 1, 0, 2, 3]);
  });
});
