import { describe, expect, test } from 'vitest';
import { compileProjection } from '../../../../src/projection/compile/compile-projection.ts';
import {
  noSkip,
  skipPastLastEvent,
  skipToFirst,
  skipToNext,
} from '../../../../src/projection/declare/pattern.ts';
import { explainPlan } from '../../../../src/projection/plan/explain-plan.ts';
import { planWarnings } from '../../../../src/projection/plan/plan-warnings.ts';
import { Acted, loose, pattern } from '../declare/mistaken.ts';

function planOf(declared: unknown) {
  return compileProjection(
    pattern((from) =>
      from(Acted)
        .key('userId')
        .pattern(declared as never),
    ) as never,
  );
}

describe('a pattern whose matches may be held for ever', () => {
  test.each([
    ['a relaxed step', loose('a').followedBy('b').afterMatch(skipPastLastEvent()), '"b"'],
    ['any later step', loose('a').next('b').followedByAny('c').afterMatch(skipToNext()), '"c"'],
    ['a loop', loose('a').oneOrMore().next('b').afterMatch(skipToNext()), 'more of "a"'],
    [
      'a loop with gaps',
      loose('a').times(2).next('b').afterMatch(skipToNext()),
      'more of "a" (2 to 2 times)',
    ],
    [
      'a group',
      loose('a').followedBy(loose('b').next('c')).afterMatch(skipToFirst('c')),
      'a group (followedBy)',
    ],
  ])('is warned of: %s', (_, declared, what) => {
    const plan = planOf(declared);
    const [warning] = planWarnings(plan);
    expect(warning).toContain(`one that waits for ${what}`);
    expect(warning).toContain('Add .within(duration)');
    expect(new Map(explainPlan(plan)).get('warnings')).toEqual([warning]);
  });

  test.each([
    ['no strategy', loose('a').followedBy('b')],
    ['noSkip', loose('a').followedBy('b').afterMatch(noSkip())],
    ['a time', loose('a').followedBy('b').within('1 hour').afterMatch(skipToNext())],
    [
      'a time between steps',
      loose('a').followedBy('b').within('1 hour', 'betweenSteps').afterMatch(skipToNext()),
    ],
    ['strict steps', loose('a').next('b').notNext('c').next('d').afterMatch(skipToNext())],
    [
      'strict repetitions',
      loose('a').times(2).consecutive().next('b').afterMatch(skipPastLastEvent()),
    ],
    ['one step', loose('a').afterMatch(skipPastLastEvent())],
  ])('is not warned of: %s', (_, declared) => {
    const plan = planOf(declared);
    expect(planWarnings(plan)).toEqual([]);
    expect(new Map(explainPlan(plan)).has('warnings')).toBe(false);
  });
});
