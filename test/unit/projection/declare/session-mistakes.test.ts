import { describe, it } from 'vitest';
import { Decimal } from '../../../../src/event/decimal.ts';
import {
  aggregate,
  avg,
  count,
  first,
  sum,
  topK,
} from '../../../../src/projection/declare/aggregates.ts';
import { decimal } from '../../../../src/projection/declare/columns.ts';
import { zScore } from '../../../../src/projection/declare/z-score.ts';
import { Acted, expectMistake, type Mistake, Paid, type Step, session, Told } from './mistaken.ts';

const keyed = (from: Step['key']) => from(Acted).key('userId');
const cut = (...given: readonly unknown[]): Mistake[1] => {
  return (from) =>
    keyed(from)
      .session(...given)
      .measure({ events: count() });
};
const measure = (measures: unknown): Mistake[1] => {
  return (from) => keyed(from).session({ gap: '1 minute' }).measure(measures);
};
const counted = (from: Step['key']) =>
  keyed(from).session({ gap: '1 minute' }).measure({ events: count() });

const ofCuts: readonly Mistake[] = [
  [
    'no options',
    cut(),
    /^Visits \.session\(\{ … \}\): its options are undefined; write \{ gap: … \}/,
  ],
  ['a gap alone', cut('30 minutes'), /^Visits \.session\(\{ … \}\): its options are a string/],
  ['no gap', cut({}), /^Visits \.session\(\{ … \}\): gap: undefined is not a duration/],
  [
    'gap 0',
    cut({ gap: 0 }),
    /^Visits \.session\(\{ … \}\): gap must be longer than nothing; it is 0/,
  ],
  [
    'a negative gap',
    cut({ gap: '-1 minute' }),
    /^Visits \.session\(\{ … \}\): gap must be longer than nothing; it is "-1 minute"/,
  ],
  [
    'a gap that is none',
    cut({ gap: 'half an hour' }),
    /^Visits \.session\(\{ … \}\): gap: "half an hour" is not a duration/,
  ],
  ['an async gap', cut({ gap: async () => 1 }), /^Visits \.session\(\{ … \}\): gap is async/],
  [
    'a length that is none',
    cut({ gap: 1, maxLength: 'long' }),
    /^Visits \.session\(\{ … \}\): maxLength: "long" is not a duration/,
  ],
  [
    'length 0',
    cut({ gap: 1, maxLength: 0 }),
    /^Visits \.session\(\{ … \}\): maxLength must be longer than nothing; it is 0/,
  ],
  [
    'a length with lateness',
    cut({ gap: 1, maxLength: '1 hour', lateness: '1 second' }),
    /^Visits \.session\(\{ … \}\): has both maxLength and lateness\. .*order of arrival/,
  ],
  [
    'a negative lateness',
    cut({ gap: 1, lateness: -5 }),
    /^Visits \.session\(\{ … \}\): lateness must not be negative; it is -5/,
  ],
  [
    'a lateness that is none',
    cut({ gap: 1, lateness: null }),
    /^Visits \.session\(\{ … \}\): lateness: null is not a duration/,
  ],
  ['another late', cut({ gap: 1, late: 'drop' }), /^Visits \.session\(\{ … \}\): late is 'revise'/],
  ['idle 0', cut({ gap: 1, idle: 0 }), /^Visits \.session\(\{ … \}\): idle must be longer/],
  [
    'a misspelt option',
    cut({ gap: 1, maxlength: 5 }),
    /^Visits \.session\(\{ … \}\): there is no option "maxlength"; there are gap, maxLength/,
  ],
  [
    'an option of windows',
    cut({ gap: 1, emit: 'onClose' }),
    /^Visits \.session\(\{ … \}\): there is no option "emit"/,
  ],
];

const ofMeasures: readonly Mistake[] = [
  ['no measure', measure({}), /^Visits \.measure\(\{\}\): declares nothing to keep/],
  [
    'an unknown field',
    measure({ total: sum('amount') }),
    /^Visits \.measure\(\{ total \}\): Acted has no field "amount"/,
  ],
  [
    'a sum of text',
    measure({ total: sum('action') }),
    /^Visits \.measure\(\{ total \}\): sum\("action"\) needs a number; "action" is a enum/,
  ],
  [
    'of an event that is not read',
    measure({ paid: count({ of: Paid }) }),
    /^Visits \.measure\(\{ paid \}\): \{ of: Paid \} is no event/,
  ],
  ['the top 0', measure({ top: topK('action', 0) }), /^Visits \.measure\(\{ top \}\): .*k is 0/],
  [
    'a z-score',
    measure({ mean: avg('value'), score: zScore('mean') }),
    /^Visits \.measure\(\{ score \}\): zScore goes with windows/,
  ],
  [
    'a decimal that cannot be',
    measure({
      x: aggregate({
        zero: 0,
        add: () => 0,
        merge: () => 0,
        result: () => new Decimal(0n, 2),
        column: decimal(2, 4),
      }),
    }),
    /^Visits \.measure\(\{ x \}\): "column" of aggregate\(…\) is declared as decimal\(2, 4\), whose/,
  ],
  [
    'a key twice',
    measure({ user_id: first('userId') }),
    /^Visits \.measure\(\{ user_id \}\): the column "user_id" is there already, from \.key\(…\)/,
  ],
  ...['sessionId', 'startedAt', 'endedAt', 'durationMs', 'closed', 'revisedAtOffset', '_until'].map(
    (name): Mistake => [
      `what is reserved, ${name}`,
      measure({ [name]: count() }),
      new RegExp(`^Visits \\.measure\\(\\{ ${name} \\}\\): the column "\\w+" is reserved`),
    ],
  ),
  [
    'a session as key',
    (from) => from(Acted).key('userId', 'sessionId').session({ gap: 1 }).measure({ n: count() }),
    /^Visits \.key\(…\): the column "session_id" of "sessionId" is reserved/,
  ],
  [
    'two measures of one column',
    measure({ aB: count(), a_b: count() }),
    /^Visits \.measure\(\{ a_b \}\): the column "a_b" is there already/,
  ],
];

const ofEmissions: readonly Mistake[] = [
  [
    'an event that is none',
    (from) => counted(from).onClose('Told', () => null),
    /^Visits \.onClose\(…\): is given a string instead of an event definition/,
  ],
  [
    'no function',
    (from) => counted(from).onClose(Told, {}),
    /^Visits \.onClose\(…\): what makes Told is a object, not a function/,
  ],
  [
    'an unknown column',
    (from) =>
      counted(from).onClose(Told, (row: { ended: Date }) => ({ userId: '', at: row.ended })),
    /^Visits \.onClose\(…\): the row has no column "ended"; it has user_id, session_id, started_at/,
  ],
  [
    'a field missing',
    (from) => counted(from).onClose(Told, (row: { ended_at: Date }) => ({ at: row.ended_at })),
    /^Visits \.onClose\(…\): does not make "userId", which Told has/,
  ],
  [
    'a field of another type',
    (from) =>
      counted(from).onClose(Told, (row: { user_id: string }) => ({
        userId: row.user_id,
        at: row.user_id,
      })),
    /^Visits \.onClose\(…\): makes "at" of Told from a string; it is a timestamp-millis/,
  ],
];

describe('a mistake in a session projection names class, step and field', () => {
  it.each(ofCuts)('sessions: %s', (_, define, message) => expectMistake(session(define), message));
  it.each(ofMeasures)('a measure: %s', (_, define, message) =>
    expectMistake(session(define), message),
  );
  it.each(ofEmissions)('what is published: %s', (_, define, message) =>
    expectMistake(session(define), message),
  );
});
