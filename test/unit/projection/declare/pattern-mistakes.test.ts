import { describe, expect, it } from 'vitest';
import { compileProjection } from '../../../../src/projection/compile/compile-projection.ts';
import { skipToFirst, skipToLast, skipToNext } from '../../../../src/projection/declare/pattern.ts';
import { Acted, expectMistake, loose, type Mistake, Paid, pattern, type Step } from './mistaken.ts';

const keyed = (from: Step['key']) => from(Acted).key('userId');
const of = (...given: readonly unknown[]): Mistake[1] => {
  return (from) => keyed(from).pattern(...given);
};
const ab = () => loose('a').next('b');

const ofSteps: readonly Mistake[] = [
  ['no pattern', of(), /^Fraud \.pattern\(…\): takes a pattern, such as begin\('first'\)/],
  ['a step instead of a pattern', of('a'), /^Fraud \.pattern\(…\): takes a pattern/],
  [
    'an empty pattern',
    of({ declared: { elements: [], within: [], skips: [] } }),
    /^Fraud \.pattern\(…\): has no step/,
  ],
  ['a step without a name', of(loose()), /^Fraud \.pattern\(…\) step "null": has no name/],
  [
    'a step named by a number',
    of(loose('a').next(2)),
    /^Fraud \.pattern\(…\) step "null": has no name/,
  ],
  [
    'a name with a space',
    of(loose('a b')),
    /^Fraud \.pattern\(…\): the step name "a b" may hold only/,
  ],
  ['an empty name', of(loose('')), /^Fraud \.pattern\(…\): the step name "" may hold only letters/],
  [
    'two steps of one name',
    of(loose('a').next('b').next('a')),
    /^Fraud \.pattern\(…\): two steps are named "a"/,
  ],
  [
    'one name inside a group and outside',
    of(loose('a').next(loose('b').next('a'))),
    /^Fraud \.pattern\(…\): two steps are named "a"/,
  ],
  [
    'conditions on an unknown field',
    of(loose('a', { where: { result: 'FAILURE' } })),
    /^Fraud \.pattern\(…\) step "a": Acted has no field "result"/,
  ],
  [
    'conditions of another type',
    of(ab().next('c', { where: { value: '3' } })),
    /^Fraud \.pattern\(…\) step "c": "value" is a double and is compared with "3"/,
  ],
  [
    'an unknown field in a group',
    of(loose('a').next(loose('b', { where: { no: 1 } }))),
    /^Fraud \.pattern\(…\) group step "b": Acted has no field "no"/,
  ],
  [
    'conditions that are none',
    of(loose('a', { where: 7 })),
    /^Fraud \.pattern\(…\) step "a": takes \{ field: value \}/,
  ],
  [
    'an async condition',
    of(loose('a', { where: async (_e: unknown, _s: unknown) => true })),
    /^Fraud \.pattern\(…\) step "a": its condition is async/,
  ],
  [
    'conditions without where',
    of(loose('a', { action: 'VIEW' })),
    /^Fraud \.pattern\(…\) step "a": there is no option "action"; there are where, on/,
  ],
  [
    'an event that is not read',
    of(loose('a', { on: Paid })),
    /^Fraud \.pattern\(…\) step "a": \{ on: Paid \} is no event of \.from/,
  ],
  [
    'an event that is null',
    of(loose('a', { on: null })),
    /^Fraud \.pattern\(…\) step "a": \{ on: null \} is no event/,
  ],
  [
    'too many conditions',
    of(Array.from({ length: 30 }, (_, i) => `s${i}`).reduce((p, name) => p.next(name), loose('a'))),
    /^Fraud \.pattern\(…\): has 31 conditions; at most 30/,
  ],
];

const ofQuantifiers: readonly Mistake[] = [
  [
    'times(0)',
    of(ab().times(0)),
    /^Fraud \.pattern\(…\) step "b": times\(0\): takes whole numbers from 1/,
  ],
  ['times(1.5)', of(ab().times(1.5)), /^Fraud \.pattern\(…\) step "b": times\(1\.5\): takes whole/],
  [
    'times of nothing',
    of(ab().times(undefined)),
    /^Fraud \.pattern\(…\) step "b": times\(undefined\)/,
  ],
  [
    'from more than to',
    of(ab().times(3, 2)),
    /^Fraud \.pattern\(…\) step "b": times\(3, 2\): the second number is below the first/,
  ],
  [
    'timesOrMore(0)',
    of(ab().timesOrMore(0)),
    /^Fraud \.pattern\(…\) step "b": timesOrMore\(0\): takes whole numbers/,
  ],
  [
    'times twice',
    of(ab().times(2).times(3)),
    /^Fraud \.pattern\(…\) step "b": times\(\) is called twice/,
  ],
  [
    'times and oneOrMore',
    of(ab().oneOrMore().times(3)),
    /^Fraud \.pattern\(…\) step "b": has both oneOrMore\(\) and times\(\)/,
  ],
  [
    'optional twice',
    of(ab().optional().optional()),
    /^Fraud \.pattern\(…\) step "b": optional\(\) is called twice/,
  ],
  [
    'consecutive combinations',
    of(ab().oneOrMore().consecutive().allowCombinations()),
    /^Fraud \.pattern\(…\) step "b": has both consecutive\(\) and allowComb/,
  ],
  [
    'greedy once',
    of(ab().greedy()),
    /^Fraud \.pattern\(…\) step "b": greedy\(\) needs a step that repeats/,
  ],
  [
    'consecutive once',
    of(ab().consecutive()),
    /^Fraud \.pattern\(…\) step "b": consecutive\(\) needs a step/,
  ],
  [
    'combinations of one',
    of(ab().times(1).allowCombinations()),
    /^Fraud \.pattern\(…\) step "b": allowCombinations\(\) needs/,
  ],
  [
    'until without a loop',
    of(ab().times(2).until({ flag: true })),
    /^Fraud \.pattern\(…\) step "b": until\(…\) needs a loop/,
  ],
  [
    'until an unknown field',
    of(ab().oneOrMore().until({ flg: true })),
    /^Fraud \.pattern\(…\) step "b" until\(…\): Acted has no field "flg"/,
  ],
  [
    'a repeated negation',
    of(ab().notNext('c').oneOrMore().next('d')),
    /^Fraud \.pattern\(…\) step "c": notNext cannot have oneOrMore\(\)/,
  ],
  [
    'an optional negation',
    of(ab().notFollowedBy('c').optional().next('d')),
    /^Fraud \.pattern\(…\) step "c": notFollowedBy cannot have optional\(\)/,
  ],
];

/** What no builder gives first. */
const notNext = {
  ...{ contiguity: 'notNext', name: 'a', options: {}, group: null, methods: [] },
  ...{ min: 1, max: 1, optional: false, greedy: false, inner: 'relaxed', until: null },
};

const ofShapes: readonly Mistake[] = [
  [
    'a negation at the beginning, by hand',
    of({ declared: { elements: [notNext], within: [], skips: [] } }),
    /^Fraud \.pattern\(…\): cannot begin with what must not come/,
  ],
  [
    'a group that must not come',
    of(ab().notFollowedBy(loose('c').next('d')).next('e')),
    /^Fraud \.pattern\(…\) group: notFollowedBy takes one step/,
  ],
  [
    'a group with a time of its own',
    of(ab().next(loose('c').within('1 minute'))),
    /^Fraud \.pattern\(…\) group: has within\(…\) of its own/,
  ],
  [
    'a group that skips',
    of(ab().next(loose('c').afterMatch(skipToNext()))),
    /^Fraud \.pattern\(…\) group: has afterMatch\(…\) of its own/,
  ],
  [
    'a repeated group of optional steps',
    of(ab().next(loose('c').optional().next('d').optional()).oneOrMore()),
    /^Fraud \.pattern\(…\) group: repeats and every step of it is optional/,
  ],
  [
    'a repeated group that ends with a negation',
    of(ab().next(loose('c').notNext('d')).oneOrMore()),
    /^Fraud \.pattern\(…\) group: repeats and ends with what must not come/,
  ],
  [
    'only optional steps',
    of(loose('a').optional().next('b').optional()),
    /^Fraud \.pattern\(…\): every step is optional/,
  ],
  [
    'absence at the end, for ever',
    of(ab().notFollowedBy('c')),
    /^Fraud \.pattern\(…\): ends with notFollowedBy\("c"\) and has no within\(duration\)/,
  ],
  [
    'only a group of optional steps',
    of(loose(loose('a').optional().next('b').optional())),
    /^Fraud \.pattern\(…\): every step is optional/,
  ],
  [
    'absence before a group that may be missing',
    of(ab().notFollowedBy('c').next(loose('d').optional())),
    /^Fraud \.pattern\(…\): may end with notFollowedBy\("c"\) and has no within/,
  ],
  [
    'absence at the end of a group',
    of(ab().next(loose('c').notFollowedBy('d'))),
    /^Fraud \.pattern\(…\): may end with notFollowedBy\("d"\) and has no within/,
  ],
  [
    'absence before what may be missing',
    of(ab().notFollowedBy('c').next('d').optional()),
    /^Fraud \.pattern\(…\): may end with notFollowedBy\("c"\) and has no within/,
  ],
  [
    'absence before a negation at the end',
    of(ab().notFollowedBy('c').notNext('d')),
    /^Fraud \.pattern\(…\): may end with notFollowedBy\("c"\)/,
  ],
  [
    'within nothing',
    of(ab().within(0)),
    /^Fraud \.pattern\(…\) \.within\(…\): 0 is not longer than nothing/,
  ],
  [
    'within less than nothing',
    of(ab().within('-5 minutes')),
    /^Fraud \.pattern\(…\) \.within\(…\): "-5 minutes" is not longer/,
  ],
  [
    'within what is no duration',
    of(ab().within('5 min')),
    /^Fraud \.pattern\(…\) \.within\(…\): "5 min" is not a duration/,
  ],
  [
    'within, twice',
    of(ab().within('5 minutes').within('6 minutes')),
    /^Fraud \.pattern\(…\) \.within\(…\): is called twice for 'firstToLast'/,
  ],
  [
    'within, between something else',
    of(ab().within('5 minutes', 'steps')),
    /^Fraud \.pattern\(…\) \.within\(…\): "steps" is neither 'firstToLast'/,
  ],
  [
    'a skip that is none',
    of(ab().afterMatch('skipToNext')),
    /^Fraud \.pattern\(…\) \.afterMatch\(…\): takes noSkip\(\), skipToNext\(\)/,
  ],
  [
    'no skip at all',
    of(ab().afterMatch()),
    /^Fraud \.pattern\(…\) \.afterMatch\(…\): takes noSkip/,
  ],
  [
    'two skips',
    of(ab().afterMatch(skipToNext()).afterMatch(skipToNext())),
    /^Fraud \.pattern\(…\) \.afterMatch\(…\): is called twice/,
  ],
  [
    'a skip to an unknown step',
    of(ab().afterMatch(skipToFirst('c'))),
    /^Fraud \.pattern\(…\) \.afterMatch\(…\): skipToFirst\("c"\): no step of that name takes an event; there are a, b/,
  ],
  [
    'a skip to what must not come',
    of(ab().notNext('c').next('d').afterMatch(skipToLast('c'))),
    /^Fraud \.pattern\(…\) \.afterMatch\(…\): skipToLast\("c"\): no step/,
  ],
];

const ofOptions: readonly Mistake[] = [
  [
    'no runs',
    of(ab(), { maxRunsPerKey: 0 }),
    /^Fraud \.pattern\(…\): maxRunsPerKey is 0; it takes a whole number from 1/,
  ],
  [
    'a negative lateness',
    of(ab(), { lateness: -1 }),
    /^Fraud \.pattern\(…\): lateness must not be negative; it is -1/,
  ],
  [
    'an idle that is none',
    of(ab(), { idle: 'soon' }),
    /^Fraud \.pattern\(…\): idle: "soon" is not a duration/,
  ],
  [
    'late events, which are rejected anyway',
    of(ab(), { late: 'revise' }),
    /^Fraud \.pattern\(…\): there is no option "late"; there are lateness, maxDrift/,
  ],
  [
    'a time as option',
    of(ab(), { within: '5 minutes' }),
    /^Fraud \.pattern\(…\): there is no option "within"/,
  ],
];

describe('a mistake in a pattern projection names class, step and field', () => {
  it.each(ofSteps)('a step: %s', (_, define, message) => expectMistake(pattern(define), message));
  it.each(ofQuantifiers)('a quantity: %s', (_, define, message) =>
    expectMistake(pattern(define), message),
  );
  it.each(ofShapes)('the pattern: %s', (_, define, message) =>
    expectMistake(pattern(define), message),
  );
  it.each(ofOptions)('options: %s', (_, define, message) =>
    expectMistake(pattern(define), message),
  );

  it('where the hidden table of states has a name that is too long', () => {
    expectMistake(
      pattern(of(ab()), { name: 'f'.repeat(55) }),
      /^Fraud name: "f+__state", its hidden table, is 66 bytes long with __v1/,
    );
  });
});

describe('what looks like a mistake and is none', () => {
  it.each([
    ['absence at the end, within a time', loose('a').notFollowedBy('b').within('1 minute')],
    [
      'absence at the end, bounded between steps only',
      loose('a').notFollowedBy('b').within('1 minute', 'betweenSteps'),
    ],
    ['a group of optional steps, once', loose('a').next(loose('b').optional())],
    ['absence before what must come', loose('a').notFollowedBy('b').followedBy('c')],
    ['a negation of the next event at the end', loose('a').notNext('b')],
    ['a greedy group', loose('a').next(loose('b').next('c')).oneOrMore().greedy()],
    ['both kinds of within', loose('a').next('b').within(9).within(5, 'betweenSteps')],
    ['the events of a loop', loose('a').oneOrMore().consecutive().until({ flag: true })],
  ])('%s', (_, each) => {
    expect(compileProjection(pattern(of(each))).kind).toBe('pattern');
  });

  it('a row of lengths, of the last of many, and of events that may be missing', () => {
    const declared = pattern((from) =>
      keyed(from)
        .pattern(loose('a').oneOrMore().next('b').optional())
        .row((m: { a: { value: number }[]; b?: { value: number } }) => ({
          times: m.a.length,
          latest: m.a.at(-1)?.value,
          then: m.b?.value,
        })),
    );
    const names = compileProjection(declared).table.columns.map(({ name }) => name);
    expect(names.slice(-3)).toEqual(['times', 'latest', 'then']);
  });
});
