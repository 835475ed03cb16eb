import { describe, it } from 'vitest';
import {
  aggregate,
  avg,
  collect,
  count,
  countDistinct,
  first,
  max,
  quantile,
  sum,
  topK,
  variance,
} from '../../../../src/projection/declare/aggregates.ts';
import { double, text } from '../../../../src/projection/declare/columns.ts';
import { tumbling } from '../../../../src/projection/declare/window.ts';
import { Acted, expectMistake, type Mistake, Paid, type Step, windowed } from './mistaken.ts';

const keyed = (from: Step['key']) => from(Acted).key('userId');
const minutes = (from: Step['key']) => keyed(from).window(tumbling('1 minute'));
const measure = (measures: unknown): Mistake[1] => {
  return (from) => minutes(from).measure(measures);
};
const mean = {
  zero: 0,
  add: (state: number) => state,
  merge: (a: number, b: number) => a + b,
  result: (state: number) => state,
  column: double(),
};

const minute = tumbling('1 minute');

const ofMeasures: readonly Mistake[] = [
  ['no measure', measure({}), /^Metrics \.measure\(\{\}\): declares nothing to keep/],
  ['nothing at all', measure(undefined), /^Metrics \.measure\(\{\}\): declares nothing to keep/],
  [
    'a measure that is none',
    measure({ x: avg }),
    /^Metrics \.measure\(\{ x \}\): takes count\(\), sum, avg, min, max and the other/,
  ],
  ['a measure that is null', measure({ x: null }), /^Metrics \.measure\(\{ x \}\): takes count/],
  [
    'an unknown field',
    measure({ x: sum('valu') }),
    /^Metrics \.measure\(\{ x \}\): Acted has no field "valu"; Acted has userId, tenantId/,
  ],
  [
    'a sum of text',
    measure({ x: sum('userId') }),
    /^Metrics \.measure\(\{ x \}\): sum\("userId"\) needs a number; "userId" is a string/,
  ],
  ['an average of times', measure({ x: avg('at') }), /\{ x \}\): avg\("at"\) needs a number/],
  [
    'a variance of days',
    measure({ x: variance('day') }),
    /\{ x \}\): variance\("day"\) needs a num/,
  ],
  ['a maximum of booleans', measure({ x: max('flag') }), /max\("flag"\) needs a number or an inst/],
  [
    'a quantile of text',
    measure({ x: quantile('userId', 0.5) }),
    /quantile\("userId"\) needs a num/,
  ],
  ['the first of bytes', measure({ x: first('blob') }), /first\("blob"\) needs a plain value/],
  ['a list of records', measure({ x: collect('nested', 3) }), /collect\("nested"\) needs a plain/],
  [
    'a field of two types',
    (from) =>
      from(Acted, Paid)
        .key('userId')
        .window(minute)
        .measure({ x: sum('value') }),
    /^Metrics \.measure\(\{ x \}\): "value" is a double in one event and a long in another/,
  ],
  [
    'a quantile beyond 1',
    measure({ p: quantile('value', 95) }),
    /^Metrics \.measure\(\{ p \}\): quantile\("value"\): q is 95; it takes a share from 0 to 1/,
  ],
  ['a quantile below 0', measure({ p: quantile('value', -0.1) }), /\{ p \}\): .*q is -0\.1/],
  ['a quantile of nothing', measure({ p: quantile('value', Number.NaN) }), /\{ p \}\): .*q is NaN/],
  [
    'an error of 0',
    measure({ p: quantile('value', 0.5, { relativeError: 0 }) }),
    /\{ p \}\): quantile\("value"\): relativeError is 0; it takes a share from 0\.0001/,
  ],
  [
    'the top 0',
    measure({ t: topK('action', 0) }),
    /^Metrics \.measure\(\{ t \}\): topK\("action"\): k is 0; it takes a whole number from 1/,
  ],
  ['the top one and a half', measure({ t: topK('action', 1.5) }), /\{ t \}\): .*k is 1\.5/],
  [
    'a top of no values',
    measure({ t: topK('action', 3, { distinctUpTo: 0 }) }),
    /\{ t \}\): topK\("action"\): distinctUpTo is 0/,
  ],
  [
    'exact up to nothing',
    measure({ d: countDistinct('action', { exactUpTo: -1 }) }),
    /\{ d \}\): countDistinct\("action"\): exactUpTo is -1/,
  ],
  [
    'a list of none',
    measure({ l: collect('action', 0) }),
    /\{ l \}\): collect\("action"\): n is 0/,
  ],
  [
    'options that are a field',
    measure({ x: count('score' as never) }),
    /^Metrics \.measure\(\{ x \}\): its options are a string; write \{ where: … \}/,
  ],
  [
    'a misspelt option of a measure',
    measure({ x: sum('value', { wher: {} } as never) }),
    /^Metrics \.measure\(\{ x \}\): there is no option "wher"; there are where, of/,
  ],
  [
    'a filter of an unknown field',
    measure({ x: count({ where: { actio: 'VIEW' } as never }) }),
    /^Metrics \.measure\(\{ x \}\): Acted has no field "actio"/,
  ],
  [
    'a filter of another type',
    measure({ x: count({ where: { value: '3' } as never }) }),
    /^Metrics \.measure\(\{ x \}\): "value" is a double and is compared with "3"/,
  ],
  [
    'of an event that is not read',
    measure({ x: count({ of: Paid }) }),
    /^Metrics \.measure\(\{ x \}\): \{ of: Paid \} is no event of \.from\(…\)/,
  ],
  [
    'of an event that lacks the field',
    (from) =>
      from(Acted, Paid)
        .key('userId')
        .window(minute)
        .measure({ x: sum('score', { of: Paid }) }),
    /^Metrics \.measure\(\{ x \}\): Paid has no field "score"/,
  ],
];

const ofColumns: readonly Mistake[] = [
  [
    'a key twice',
    measure({ userId: count() }),
    /^Metrics \.measure\(\{ userId \}\): the column "user_id" is there already, from \.key\(…\)/,
  ],
  ...['windowStart', 'windowEnd', 'revisedAtOffset', '_x', '_partition', '_closed'].map(
    (name): Mistake => [
      `what is reserved, ${name}`,
      measure({ [name]: count() }),
      new RegExp(`^Metrics \\.measure\\(\\{ ${name} \\}\\): the column "\\w+" is reserved`),
    ],
  ),
  [
    'a bound of the window as key',
    (from) => from(Acted).key('userId', 'windowStart').window(minute).measure({ n: count() }),
    /^Metrics \.key\(…\): the column "window_start" of "windowStart" is reserved/,
  ],
  [
    'a system column',
    measure({ xmax: count() }),
    /^Metrics \.measure\(\{ xmax \}\): the column "xmax" is a system column/,
  ],
  [
    'two measures of one column',
    measure({ aB: count(), a_b: count() }),
    /^Metrics \.measure\(\{ a_b \}\): the column "a_b" is there already, from \.measure\(\{ aB \}\)/,
  ],
  [
    'the mark of exactness twice',
    measure({ top: topK('action', 3), topExact: count() }),
    /^Metrics \.measure\(\{ topExact \}\): the column "top_exact" is there already, from .*top/,
  ],
  [
    'a name of 64 bytes',
    measure({ ['m'.repeat(64)]: count() }),
    /^Metrics \.measure\(\{ m{64} \}\): the column "m+" is 64 bytes long; Postgres allows 63/,
  ],
  [
    'a name that is no identifier',
    measure({ 'mean value': count() }),
    /^Metrics \.measure\(\{ mean value \}\): the column "mean value" may hold only/,
  ],
  [
    'a mark of exactness that is too long',
    measure({ ['m'.repeat(60)]: countDistinct('action') }),
    /^Metrics \.measure\(\{ m{60} \}\): .* is 6\d bytes long/,
  ],
  [
    'hidden state that is too long',
    measure({ mean: avg('f'.repeat(60)) }),
    /^Metrics \.measure\(\{ mean \}\): its hidden column "_\w+f{60}\w*" is 6\d bytes long/,
  ],
];

const ofAggregates: readonly Mistake[] = [
  [
    'an aggregate of nothing',
    measure({ x: aggregate(undefined as never) }),
    /^Metrics \.measure\(\{ x \}\): aggregate\(…\) is given undefined; it takes \{ zero/,
  ],
  [
    'an aggregate without merge',
    measure({ x: aggregate({ ...mean, merge: undefined as never }) }),
    /^Metrics \.measure\(\{ x \}\): "merge" of aggregate\(…\) is undefined, not a function/,
  ],
  [
    'an async aggregate',
    measure({ x: aggregate({ ...mean, add: (async () => 1) as never }) }),
    /^Metrics \.measure\(\{ x \}\): "add" of aggregate\(…\) is async/,
  ],
  [
    'a zero that JSON cannot hold',
    measure({ x: aggregate({ ...mean, zero: new Map() as never }) }),
    /^Metrics \.measure\(\{ x \}\): "zero" of aggregate\(…\) is not JSON/,
  ],
  [
    'a zero of bigints',
    measure({ x: aggregate({ ...mean, zero: { sum: 0n } as never }) }),
    /\{ x \}\): "zero" of aggregate\(…\) is not JSON/,
  ],
  [
    'an aggregate without a column',
    measure({ x: aggregate({ ...mean, column: undefined as never }) }),
    /^Metrics \.measure\(\{ x \}\): "column" of aggregate\(…\) is no column; write text\(\)/,
  ],
  [
    'an aggregate as key',
    measure({ x: aggregate({ ...mean, column: text().primaryKey() as never }) }),
    /^Metrics \.measure\(\{ x \}\): "column" of aggregate\(…\) is marked \.primaryKey\(\)/,
  ],
  [
    'an aggregate where rows are merged when read',
    (from) =>
      from(Acted)
        .key('action')
        .window(minute)
        .measure({ x: aggregate(mean) }),
    /^Metrics \.measure\(\{ x \}\): aggregate\(…\) cannot be merged when read: .*record key/,
  ],
];

describe('a mistake in a measure names class, step and field', () => {
  it.each(ofMeasures)('a measure: %s', (_, define, message) =>
    expectMistake(windowed(define), message),
  );
  it.each(ofColumns)('a column: %s', (_, define, message) =>
    expectMistake(windowed(define), message),
  );
  it.each(ofAggregates)('an aggregate: %s', (_, define, message) =>
    expectMistake(windowed(define), message),
  );
});
