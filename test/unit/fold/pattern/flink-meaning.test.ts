import {
  begin,
  defineAvroEvent,
  PatternProjection,
  skipPastLastEvent,
  skipToFirst,
  skipToLast,
  skipToNext,
} from 'reprise';
import { type Scenario, scenario } from 'reprise/testing';
import { describe, expect, test } from 'vitest';

/** An event named by its letter, with a price: `b$2` costs 2, `b` 1. */
interface Priced {
  readonly userId: string;
  readonly name: string;
  readonly price: number;
  readonly at: Date;
}

const Priced = defineAvroEvent<Priced>({
  name: 'Priced',
  topic: 'priced',
  key: 'userId',
  time: 'at',
  fields: [
    { name: 'userId', type: { kind: 'string' }, nullable: false },
    { name: 'name', type: { kind: 'string' }, nullable: false },
    { name: 'price', type: { kind: 'int' }, nullable: false },
    { name: 'at', type: { kind: 'timestamp-millis' }, nullable: false },
  ],
  schema: JSON.stringify({
    type: 'record',
    name: 'Priced',
    fields: [
      { name: 'userId', type: 'string' },
      { name: 'name', type: 'string' },
      { name: 'price', type: 'int' },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    ],
  }),
});

const is = (...letters: readonly string[]) => ({
  where: (event: Priced) => letters.includes(event.name[0] as string),
});
const [a, b, c, d, any] = [is('a'), is('b'), is('c'), is('d'), { where: () => true }] as const;
const samePrice = {
  where: (event: Priced, soFar: { x: Priced }) =>
    event.name.startsWith('c') && event.price === soFar.x.price,
} as never;

function projectionOf(pattern: unknown, { timeouts = false } = {}) {
  return new (class Letters extends PatternProjection {
    readonly name = 'letters';
    readonly version = 1;
    define() {
      const declared = this.from(Priced)
        .key('userId')
        .pattern(pattern as never);
      return timeouts ? declared.onTimeout() : declared;
    }
  })();
}

/** Events one second apart. */
function played(pattern: unknown, input: string, options = {}): Scenario {
  const s = scenario(projectionOf(pattern, options));
  for (const [i, name] of input.split(' ').entries()) {
    const price = Number(name.split('$')[1] ?? 1);
    s.publish(Priced, { userId: 'u', name, price, at: i * 1_000 });
  }
  return s as Scenario;
}

/** Rows as the names of their events; those that ran out of time in brackets. */
function shown(s: Scenario, input: string): string[] {
  const names = input.split(' ');
  const rows = s.rows() as unknown as readonly {
    readonly positions: readonly { readonly offset: string }[];
    readonly timed_out: boolean;
  }[];
  return rows
    .map(({ positions, timed_out: timedOut }) => {
      const text = positions.map(({ offset }) => names[Number(offset)]).join(' ');
      return timedOut ? `(${text})` : text;
    })
    .sort();
}

function matches(pattern: unknown, input: string, options = {}): string[] {
  const s = played(pattern, input, options);
  s.tick(0, 3_600_000);
  return shown(s, input);
}

describe('a match waits for earlier partial matches, so that inner ones do not swallow outer ones', () => {
  const priced = begin('x', is('a', 'b')).followedBy('y', samePrice);

  test('skipPastLastEvent takes the match that began first', () => {
    const pattern = priced.within('1 hour').afterMatch(skipPastLastEvent());
    expect(matches(pattern, 'a$1 b$2 c$2 c$1')).toEqual(['a$1 c$1']);
    expect(matches(pattern, 'a$1 b$2 c$2 d')).toEqual(['b$2 c$2']);
    expect(matches(pattern, 'a$1 b$1 c$1 c$2')).toEqual(['a$1 c$1']);
  });

  test.each([
    ['skipToNext', skipToNext(), ['a$1 c$1', 'b$2 c$2']],
    ['skipToFirst', skipToFirst('y'), ['a$1 c$1']],
    ['skipToLast', skipToLast('y'), ['a$1 c$1']],
  ])('%s too', (_, skip, expected) => {
    const pattern = priced.within('1 hour').afterMatch(skip as never);
    expect(matches(pattern, 'a$1 b$2 c$2 c$1')).toEqual(expected);
  });

  test('it is state of its key until then: stored, restarted, and gone once it is taken', () => {
    const input = 'a$1 b$2 c$2 c$1';
    const pattern = priced.within('1 hour').afterMatch(skipToNext());
    const s = played(pattern, 'a$1 b$2 c$2');
    expect(shown(s, input)).toEqual([]);
    expect([s.stateSize(), s.stateRows()]).toEqual([1, 1]);
    s.restart();
    s.publish(Priced, { userId: 'u', name: 'c$1', price: 1, at: 3_000 });
    expect(shown(s, input)).toEqual(['a$1 c$1', 'b$2 c$2']);
    expect([s.stateSize(), s.stateRows()]).toEqual([0, 0]);
  });

  test('it is taken when the earlier one runs out of time, by a tick too', () => {
    const input = 'a$1 b$2 c$2';
    const pattern = priced.within('10 seconds').afterMatch(skipPastLastEvent());
    const s = played(pattern, input, { timeouts: true });
    s.tick(0, 7_999);
    expect(shown(s, input)).toEqual([]);
    s.tick(0, 8_000);
    expect(shown(s, input)).toEqual(['(a$1)', 'b$2 c$2']);
    expect(s.stateSize()).toBe(0);
    expect(shown(s.replay() as Scenario, input)).toEqual(['(a$1)', 'b$2 c$2']);
  });

  test('matches that wait count against maxRunsPerKey', () => {
    const pattern = priced.afterMatch(skipToNext());
    class Crowded extends PatternProjection {
      readonly name = 'crowded';
      readonly version = 1;
      define() {
        return this.from(Priced)
          .key('userId')
          .pattern(pattern as never, { maxRunsPerKey: 4 });
      }
    }
    const s = scenario(new Crowded());
    const input = 'a$1 b$2 c$2 b$3 c$3 b$4 c$4 b$5 c$5'.split(' ');
    for (const [i, name] of input.entries()) {
      s.publish(Priced, { userId: 'u', name, price: Number(name.split('$')[1]), at: i * 1_000 });
    }
    expect(s.deadLetters().map(({ reason }) => reason)).toContain('PATTERN_RUNS_EXCEEDED');
    expect(s.deadLetters()[0]?.message).toMatch(/2 partial matches and 3 matches that wait/);
  });
});

describe('greedy', () => {
  test.each([
    [
      'is not skipped where its event came',
      begin('c', c).followedBy('a', a).oneOrMore().greedy().optional().followedBy('d', d),
      'c a d',
      ['c a d'],
    ],
    [
      'is skipped where its event did not come',
      begin('c', c).followedBy('a', a).oneOrMore().greedy().optional().followedBy('d', d),
      'c b d',
      ['c d'],
    ],
    [
      'is not skipped at the beginning of a pattern either',
      begin('a', any).oneOrMore().greedy().optional().followedBy('b', b),
      'c b x b',
      [],
    ],
    [
      'leaves an event that meets until to the next step',
      begin('c', c).followedBy('x', any).oneOrMore().greedy().until(d.where).followedBy('d', d),
      'c a b d',
      ['c a b d'],
    ],
    [
      'holds nothing back once until has ended it',
      begin('c', c).followedBy('a', a).oneOrMore().greedy().until(d.where).followedBy('b', b),
      'c a1 x d a2 b',
      ['c a1 b'],
    ],
    [
      'counts before a negation at the end',
      begin('a', a).oneOrMore().greedy().notFollowedBy('c', c).within('10 seconds'),
      'a1 a2 x',
      ['a1 a2', 'a2'],
    ],
    [
      'counts before a notNext at the end',
      begin('a', a).oneOrMore().greedy().notNext('c', c).within('10 seconds'),
      'a1 a2 x',
      ['a1 a2', 'a2'],
    ],
  ])('%s', (_, pattern, input, expected) => {
    expect(matches(pattern, input)).toEqual(expected);
  });
});

describe('until ends a loop that has begun', () => {
  test.each([
    [
      'not the wait for its first event',
      begin('a', a).followedBy('b', b).oneOrMore().until(d.where),
      'a d b',
      ['a b'],
    ],
    [
      'nor the wait of a group for its first event',
      begin('a', a).followedBy(begin('b', b).next('c', c)).oneOrMore().until(d.where),
      'a d b c',
      ['a b c'],
    ],
    [
      'but it ends the loop between two events',
      begin('a', a).followedBy('b', b).oneOrMore().until(d.where),
      'a b1 d b2',
      ['a b1'],
    ],
    [
      'and its event is not taken',
      begin('a', a).followedBy('b', any).oneOrMore().until(d.where),
      'a d b',
      ['a b'],
    ],
  ])('%s', (_, pattern, input, expected) => {
    expect(matches(pattern, input)).toEqual(expected);
  });
});

describe('negations', () => {
  test.each([
    [
      'behind times(2) are active from the first',
      begin('a', a).followedByAny('b', b).times(2).notFollowedBy('c', c).followedBy('d', d),
      'a b c b d',
      [],
    ],
    [
      'behind times(2) let other events pass',
      begin('a', a).followedBy('b', b).times(2).notFollowedBy('c', c).followedBy('d', d),
      'a b x b d',
      ['a b b d'],
    ],
    [
      'behind a group times(2) are active from its first repetition',
      begin(begin('a', a).next('b', b)).times(2).notFollowedBy('c', c).followedBy('d', d),
      'a b c a b d',
      [],
    ],
    [
      'at the end are bounded by a time between steps',
      begin('a', a).followedBy('b', b).notFollowedBy('c', c).within('2 seconds', 'betweenSteps'),
      'a1 b1 x x a2 b2 c',
      ['a1 b1'],
    ],
    [
      'before an optional end wait for the absence',
      begin('a', a).notFollowedBy('c', c).followedBy('d', d).optional().within('3 seconds'),
      'a1 x x x a2 c',
      ['a1'],
    ],
    [
      'of an event that the next step would take leave nothing to take',
      begin('a', a).notFollowedBy('c', any).followedBy('d', d),
      'a d',
      [],
    ],
    [
      'by notNext at the end match when nothing came in time',
      begin('a', a).notNext('c', c).within('3 seconds'),
      'a',
      ['a'],
    ],
  ])('%s', (_, pattern, input, expected) => {
    expect(matches(pattern, input)).toEqual(expected);
  });
});

describe('a partial match that times out', () => {
  const visit = begin('view', is('v')).oneOrMore().followedBy('click', c).optional();
  const pattern = begin(visit).oneOrMore().followedBy('buy', b).within('1 hour');

  test('is one, however many ways through the pattern lead to it', () => {
    expect(matches(pattern, 'v1 v2', { timeouts: true })).toEqual(['(v1 v2)', '(v1)', '(v2)']);
  });

  test('has an id that no other row has', () => {
    const s = played(pattern, 'v1 v2 c v3', { timeouts: true });
    s.tick(0, 7_200_000);
    const ids = s.rows().map((row) => (row as unknown as { match_id: string }).match_id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(3);
  });
});

describe('throwOnMiss', () => {
  test.each([
    ['the step is missing', skipToFirst('b', { throwOnMiss: true }), 'a d'],
    ["the step has the match's own first event", skipToFirst('a', { throwOnMiss: true }), 'a d'],
    ["the last step's event is the first", skipToLast('a', { throwOnMiss: true }), 'a d'],
  ])('fails when %s', (_, skip, input) => {
    const pattern = begin('a', a).followedBy('b', b).optional().followedBy('d', d);
    expect(() => matches(pattern.afterMatch(skip as never), input)).toThrowError(/throwOnMiss/);
  });

  test('does not fail where there is an event to skip to', () => {
    const pattern = begin('a', a).followedBy('d', d);
    const skip = skipToFirst('d', { throwOnMiss: true });
    expect(matches(pattern.afterMatch(skip), 'a1 a2 d')).toEqual(['a1 d']);
  });
});

describe('a group of optional steps', () => {
  const optional = begin('b', b).optional().followedBy('c', c).optional();

  test.each([
    ['all of it', 'a b c d', ['a b c d', 'a b d', 'a d']],
    ['none of it', 'a d', ['a d']],
    ['its second step only, as the group follows', 'a x c d', ['a d']],
  ])('may stand where it does not repeat: %s', (_, input, expected) => {
    const pattern = begin('a', a).next(optional).followedBy('d', d);
    expect(matches(pattern, input)).toEqual(expected);
  });

  test('may end a pattern', () => {
    const pattern = begin('a', a).followedBy(begin('b', b).optional());
    expect(matches(pattern, 'a b')).toEqual(['a', 'a b']);
  });

  test('may begin a group that is optional', () => {
    const group = begin(begin('b', b).optional()).followedBy('c', c);
    const pattern = begin('a', a).followedBy(group).optional().followedBy('d', d);
    expect(matches(pattern, 'a c d')).toEqual(['a c d', 'a d']);
    expect(matches(pattern, 'a b c d')).toEqual(['a b c d', 'a c d', 'a d']);
  });

  test('may be optional itself', () => {
    const pattern = begin('a', a).followedBy(optional).optional().followedBy('d', d);
    expect(matches(pattern, 'a b d')).toEqual(['a b d', 'a d']);
  });
});
