import {
  begin,
  defineAvroEvent,
  noSkip,
  PatternProjection,
  skipPastLastEvent,
  skipToFirst,
  skipToLast,
  skipToNext,
} from 'reprise';
import { scenario } from 'reprise/testing';
import { describe, expect, test } from 'vitest';

/** An event named by its letters: `b2` is the second b. */
interface Named {
  readonly userId: string;
  readonly name: string;
  readonly at: Date;
}

const Named = defineAvroEvent<Named>({
  name: 'Named',
  topic: 'named',
  key: 'userId',
  time: 'at',
  fields: [
    { name: 'userId', type: { kind: 'string' }, nullable: false },
    { name: 'name', type: { kind: 'string' }, nullable: false },
    { name: 'at', type: { kind: 'timestamp-millis' }, nullable: false },
  ],
  schema: JSON.stringify({
    type: 'record',
    name: 'Named',
    fields: [
      { name: 'userId', type: 'string' },
      { name: 'name', type: 'string' },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    ],
  }),
});

const isA = { where: (event: Named) => event.name.startsWith('a') } as const;
const isB = { where: (event: Named) => event.name.startsWith('b') } as const;
const isC = { where: (event: Named) => event.name.startsWith('c') } as const;
const isD = { where: (event: Named) => event.name.startsWith('d') } as const;

/**
 * Matches of a pattern in events one second apart, each as the names of its events, in the order
 * they are found.
 */
function matches(pattern: unknown, input: string): string[] {
  class Letters extends PatternProjection {
    readonly name = 'letters';
    readonly version = 1;
    define() {
      return this.from(Named)
        .key('userId')
        .pattern(pattern as never);
    }
  }
  const s = scenario(new Letters());
  const names = input.split(' ');
  names.forEach((name, i) => {
    s.publish(Named, { userId: 'u', name, at: i * 1_000 });
  });
  s.tick(0, 3_600_000);
  const rows = s.rows() as unknown as readonly {
    readonly positions: readonly { offset: number }[];
  }[];
  return rows.map(({ positions }) => positions.map(({ offset }) => names[offset]).join(' ')).sort();
}

describe("examples of Flink's documentation", () => {
  test.each([
    ['next', begin('a', isA).next('b', isB), []],
    ['followedBy', begin('a', isA).followedBy('b', isB), ['a b1']],
    ['followedByAny', begin('a', isA).followedByAny('b', isB), ['a b1', 'a b2']],
  ])('%s', (_, pattern, expected) => {
    expect(matches(pattern, 'a c b1 b2')).toEqual(expected);
  });

  test.each([
    [
      'consecutive',
      begin('c', isC).followedBy('a', isA).oneOrMore().consecutive().followedBy('b', isB),
      ['c a1 a2 a3 b', 'c a1 a2 b', 'c a1 b'],
    ],
    [
      'relaxed',
      begin('c', isC).followedBy('a', isA).oneOrMore().followedBy('b', isB),
      ['c a1 a2 a3 a4 b', 'c a1 a2 a3 b', 'c a1 a2 b', 'c a1 b'],
    ],
    [
      'with combinations',
      begin('c', isC).followedBy('a', isA).oneOrMore().allowCombinations().followedBy('b', isB),
      [
        'c a1 a2 a3 a4 b',
        'c a1 a2 a3 b',
        'c a1 a2 a4 b',
        'c a1 a2 b',
        'c a1 a3 a4 b',
        'c a1 a3 b',
        'c a1 a4 b',
        'c a1 b',
      ],
    ],
  ])('a loop that is %s', (_, pattern, expected) => {
    expect(matches(pattern, 'c d a1 a2 a3 d a4 b')).toEqual(expected);
  });

  test.each([
    ['noSkip', noSkip(), ['b1 b2 b3 c', 'b2 b3 c', 'b3 c']],
    ['skipToNext', skipToNext(), ['b1 b2 b3 c', 'b2 b3 c', 'b3 c']],
    ['skipPastLastEvent', skipPastLastEvent(), ['b1 b2 b3 c']],
    ['skipToFirst', skipToFirst('b'), ['b1 b2 b3 c', 'b2 b3 c', 'b3 c']],
    ['skipToLast', skipToLast('b'), ['b1 b2 b3 c', 'b3 c']],
  ])('b+ c with %s', (_, skip, expected) => {
    const pattern = begin('b', isB)
      .oneOrMore()
      .consecutive()
      .next('c', isC)
      .afterMatch(skip as never);
    expect(matches(pattern, 'b1 b2 b3 c')).toEqual(expected);
  });

  test.each([
    ['noSkip', noSkip(), ['a b c1 c2 c3 d', 'b c1 c2 c3 d', 'c1 c2 c3 d']],
    ['skipToFirst', skipToFirst('third'), ['a b c1 c2 c3 d', 'c1 c2 c3 d']],
  ])('(a | b | c) (b | c) c+ greedy d with %s', (_, skip, expected) => {
    const isAny = { where: (event: Named) => /^[abc]/.test(event.name) } as const;
    const isBOrC = { where: (event: Named) => /^[bc]/.test(event.name) } as const;
    const pattern = begin('first', isAny)
      .next('second', isBOrC)
      .next('third', isC)
      .oneOrMore()
      .consecutive()
      .greedy()
      .next('d', isD)
      .afterMatch(skip as never);
    expect(matches(pattern, 'a b c1 c2 c3 d')).toEqual(expected);
  });

  test.each([
    ['noSkip', noSkip(), ['a b1', 'a b1 b2', 'a b1 b2 b3']],
    ['skipToNext', skipToNext(), ['a b1']],
  ])('a b+ with %s', (_, skip, expected) => {
    const pattern = begin('a', isA)
      .next('b', isB)
      .oneOrMore()
      .consecutive()
      .afterMatch(skip as never);
    expect(matches(pattern, 'a b1 b2 b3')).toEqual(expected);
  });
});

describe('examples of our own semantics', () => {
  test.each([
    ['a next b', begin('a', isA).next('b', isB), 'a1 c a2 b', ['a2 b']],
    ['a followedBy b', begin('a', isA).followedBy('b', isB), 'a c b1 b2', ['a b1']],
    [
      'a notFollowedBy c followedBy b',
      begin('a', isA).notFollowedBy('c', isC).followedBy('b', isB),
      'a1 b1 a2 c b2',
      ['a1 b1'],
    ],
    [
      'three in a row',
      begin('x', isA).next('y', isA).next('z', isA).within('5 minutes'),
      'a1 a2 b a3 a4 a5',
      ['a3 a4 a5'],
    ],
    [
      'a+ greedy, then b',
      begin('a', isA).oneOrMore().greedy().followedBy('b', isB),
      'a1 a2 b',
      ['a1 a2 b', 'a2 b'],
    ],
    [
      'times(2)',
      begin('a', isA).times(2).followedBy('b', isB),
      'a1 a2 a3 b',
      ['a1 a2 b', 'a2 a3 b'],
    ],
    [
      'optional',
      begin('a', isA).followedBy('b', isB).optional().followedBy('c', isC),
      'a b c',
      ['a b c', 'a c'],
    ],
    [
      'until',
      begin('a', isA)
        .oneOrMore()
        .until((event: Named) => event.name.startsWith('d'))
        .followedBy('b', isB),
      'a1 d a2 b',
      ['a1 b', 'a2 b'],
    ],
    [
      'notNext',
      begin('a', isA).notNext('c', isC).followedBy('b', isB),
      'a1 c b1 a2 d b2',
      ['a2 b2'],
    ],
    [
      'a group twice',
      begin(begin('a', isA).next('b', isB)).times(2),
      'a1 b1 a2 b2',
      ['a1 b1 a2 b2'],
    ],
  ])('%s', (_, pattern, input, expected) => {
    expect(matches(pattern, input)).toEqual(expected);
  });
});
