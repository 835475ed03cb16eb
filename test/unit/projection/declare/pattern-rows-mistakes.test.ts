import { describe, it } from 'vitest';
import { columns, decimal, double, int, text } from '../../../../src/projection/declare/columns.ts';
import { Acted, expectMistake, loose, type Mistake, pattern, type Step, Told } from './mistaken.ts';

const keyed = (from: Step['key']) => from(Acted).key('userId');
const ab = () => loose('a').next('b');
const matched = (from: Step['key']) => keyed(from).pattern(ab());
type Match = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const ofRows: readonly Mistake[] = [
  [
    'no function',
    (from) => matched(from).row(columns({ x: text() })),
    /^Fraud \.row\(…\): what makes the row is undefined, not a function/,
  ],
  ['nothing', (from) => matched(from).row(), /^Fraud \.row\(…\): what makes the row is undefined/],
  [
    'an async function',
    (from) => matched(from).row(async () => ({})),
    /^Fraud \.row\(…\): what makes the row is async/,
  ],
  [
    'an unknown step',
    (from) => matched(from).row((m: Match) => ({ x: m['c']?.['value'] })),
    /^Fraud \.row\(…\): there is no step "c"; there are a, b/,
  ],
  [
    'a step that must not come',
    (from) =>
      keyed(from)
        .pattern(ab().notNext('c').next('d'))
        .row((m: Match) => ({ x: m['c']?.['value'] })),
    /^Fraud \.row\(…\): there is no step "c"; there are a, b, d/,
  ],
  [
    'an unknown field',
    (from) => matched(from).row((m: Match) => ({ x: m['a']?.['valeu'] })),
    /^Fraud \.row\(…\): Acted has no field "valeu"/,
  ],
  [
    'a computed value',
    (from) => matched(from).row((m: Match) => ({ x: Number(m['a']?.['value']) })),
    /^Fraud \.row\(…\): "x" is computed, .*\.row\(\{ x: double\(\) \}/,
  ],
  [
    'bytes',
    (from) => matched(from).row((m: Match) => ({ x: m['a']?.['blob'] })),
    /^Fraud \.row\(…\): "x" is a bytes; declare its column/,
  ],
  [
    'what cannot be told',
    (from) => matched(from).row((m: { a: { userId: string } }) => ({ x: m.a.userId.trim() })),
    /^Fraud \.row\(…\): its columns cannot be inferred/,
  ],
  [
    'a value alone',
    (from) => matched(from).row(() => 5),
    /^Fraud \.row\(…\): makes a number instead of \{ name: value/,
  ],
  ['no column', (from) => matched(from).row(() => ({})), /^Fraud \.row\(…\): declares no column/],
  [
    'no declared column',
    (from) => matched(from).row({}, () => ({})),
    /^Fraud \.row\(…\): declares no column/,
  ],
  [
    'a column that is none',
    (from) => matched(from).row({ x: 'text' }, () => ({ x: '' })),
    /^Fraud \.row\(…\): "x" is no column; write text\(\)/,
  ],
  [
    'a decimal that cannot be',
    (from) => matched(from).row({ x: decimal(4, 5) }, () => ({ x: null })),
    /^Fraud \.row\(…\): "x" is declared as decimal\(4, 5\), whose scale is larger/,
  ],
  [
    'a column as key',
    (from) => matched(from).row({ x: text().primaryKey() }, () => ({ x: '' })),
    /^Fraud \.row\(…\): "x" is marked \.primaryKey\(\); the key of a match is match_id/,
  ],
  [
    'a value that is not declared',
    (from) => matched(from).row({ x: double() }, () => ({ x: 1, y: 2 })),
    /^Fraud \.row\(…\): makes "y", which is not declared; its columns are x/,
  ],
  [
    'a declared value that is not made',
    (from) => matched(from).row({ x: double(), y: int() }, () => ({ x: 1 })),
    /^Fraud \.row\(…\): does not make "y", which is declared/,
  ],
  ...['matchId', 'matchedAt', 'positions', 'timedOut', '_x'].map(
    (name): Mistake => [
      `what is reserved, ${name}`,
      (from) => matched(from).row((m: Match) => ({ [name]: m['a']?.['value'] })),
      /^Fraud \.row\(…\): the column "\w+" is reserved; choose another name/,
    ],
  ),
  [
    'a key twice',
    (from) => matched(from).row((m: Match) => ({ userId: m['a']?.['userId'] })),
    /^Fraud \.row\(…\): the column "user_id" is there already, from \.key\(…\)/,
  ],
  [
    'two values of one column',
    (from) => matched(from).row({ aB: int(), a_b: int() }, () => ({ aB: 1, a_b: 1 })),
    /^Fraud \.row\(…\): the column "a_b" of "a_b" is there already/,
  ],
  [
    'a match as key',
    (from) => from(Acted).key('userId', 'matchedAt').pattern(ab()),
    /^Fraud \.key\(…\): the column "matched_at" of "matchedAt" is reserved/,
  ],
  [
    'a row twice',
    (from) =>
      matched(from)
        .row(() => ({}))
        .row(() => ({})),
    /^Fraud \.row\(…\): is called twice/,
  ],
];

const ofEmissions: readonly Mistake[] = [
  [
    'an event that is none',
    (from) => matched(from).alert(undefined, () => null),
    /^Fraud \.alert\(…\): is given undefined instead of an event definition/,
  ],
  [
    'no function',
    (from) => matched(from).alert(Told),
    /^Fraud \.alert\(…\): what makes Told is undefined, not a function/,
  ],
  [
    'an unknown step',
    (from) =>
      matched(from).alert(Told, (m: Match) => ({ userId: m['c']?.['userId'], at: m['a']?.['at'] })),
    /^Fraud \.alert\(…\): there is no step "c"; there are a, b/,
  ],
  [
    'an unknown field of a step',
    (from) =>
      matched(from).alert(Told, (m: Match) => ({ userId: m['a']?.['user'], at: m['a']?.['at'] })),
    /^Fraud \.alert\(…\): Acted has no field "user"/,
  ],
  [
    'a field that the event has not',
    (from) =>
      matched(from).alert(Told, (m: Match) => ({
        userId: m['a']?.['userId'],
        at: m['a']?.['at'],
        why: 'fraud',
      })),
    /^Fraud \.alert\(…\): makes "why", and Told has no such field; it has userId, at/,
  ],
  [
    'a field missing',
    (from) => matched(from).alert(Told, (m: Match) => ({ userId: m['a']?.['userId'] })),
    /^Fraud \.alert\(…\): does not make "at", which Told has/,
  ],
  [
    'a field of another type',
    (from) =>
      matched(from).alert(Told, (m: Match) => ({ userId: m['a']?.['value'], at: m['a']?.['at'] })),
    /^Fraud \.alert\(…\): makes "userId" of Told from a double; it is a string/,
  ],
  [
    'what ran out of time, where nothing does',
    (from) => matched(from).onTimeout(),
    /^Fraud \.onTimeout\(…\): the pattern has no within\(duration\)/,
  ],
  [
    'an event on time-out without a function',
    (from) => keyed(from).pattern(ab().within(5)).onTimeout(Told),
    /^Fraud \.onTimeout\(…\): what makes Told is undefined, not a function/,
  ],
  [
    'a function on time-out without an event',
    (from) =>
      keyed(from)
        .pattern(ab().within(5))
        .onTimeout(undefined, () => null),
    /^Fraud \.onTimeout\(…\): is given undefined instead of an event/,
  ],
  [
    'a field missing on time-out',
    (from) =>
      keyed(from)
        .pattern(ab().within(5))
        .onTimeout(Told, () => ({ userId: 'u' })),
    /^Fraud \.onTimeout\(…\): does not make "at", which Told has/,
  ],
];

describe('a mistake in what a pattern projection keeps or publishes names class, step and field', () => {
  it.each(ofRows)('the row: %s', (_, define, message) => expectMistake(pattern(define), message));
  it.each(ofEmissions)('what is published: %s', (_, define, message) =>
    expectMistake(pattern(define), message),
  );
});
