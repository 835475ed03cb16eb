import type { CaseElement, CaseQuantifier, PatternCase } from './pattern-case.ts';

/** A case in which each of Flink's faults shows, by the fault's name. */
export const FAULT_EXAMPLES: Readonly<Record<string, PatternCase>> = {
  'absence not seen': given([step('a', { min: 1, max: null }), not('c')], 'a', { within: 5 }),
  'absence before an optional end': given(
    [step('a'), not('c'), then(step('b', { optional: true }))],
    'a c',
    { within: 5 },
  ),
  'negated and taken': given([step('a'), not('b'), then(step('b'))], 'a b'),
  'greedy holds what until gives free': given(
    [step('a', { min: 1, max: null, greedy: true, until: of('d') }), then(step('b'))],
    'a x d a b',
  ),
  'until before the first event': given(
    [step('a'), then(step('b', { min: 1, max: null, until: of('bd') }, 'bc'))],
    'a b c',
  ),
  'full greedy loop': given(
    [step('a', { min: 1, max: 2, greedy: true }), then(step('b'))],
    'a a a b',
  ),
  'greedy loop before an end': given(
    [step('a'), then(group([step('b', { min: 1, max: 2, greedy: true })], { min: 1, max: null }))],
    'a b',
  ),
  'negation behind times(a, b)': given(
    [step('a', { min: 1, max: 2 }), not('c'), then(step('d'))],
    'a x c a d',
  ),
  'negations in a row': given([step('a'), not('b'), not('c')], 'a b x', { within: 5 }),
  'notFollowedBy before notNext': given(
    [step('a'), not('b'), { ...not('c'), contiguity: 'notNext' }, then(step('d'))],
    'a b d',
  ),
  'negation at the end of a group': given([group([step('a'), not('b')]), then(step('c'))], 'a b c'),
  'repeated head of a group': given(
    [group([step('a', { min: 2, max: 2, inner: 'consecutive' }), then(step('b'))])],
    'a x a b',
  ),
  'optional head of a group': given(
    [step('a'), then(group([step('b', { optional: true }), next(step('c'))]))],
    'a x c',
  ),
  'group at the head of a group': given([step('a'), then(group([group([step('b')])]))], 'a x b'),
  'next behind a group that repeats': given(
    [group([step('a')], { min: 1, max: null }), next(step('b'))],
    'a x b',
  ),
  'followedBy behind a group with combinations': given(
    [
      group([step('a')], { min: 1, max: null, inner: 'combinations' }),
      then(step('b', {}, 'bc')),
      next(step('d')),
    ],
    'a b c d',
  ),
  'until of a group': given(
    [step('a'), then(group([step('b')], { min: 1, max: null, until: of('d') }))],
    'a d b',
  ),
};

function of(letters: string) {
  return { letters, rises: [] };
}

function quantified(given: Partial<CaseQuantifier>): CaseQuantifier {
  const once = { min: 1, max: 1, optional: false, greedy: false, inner: 'relaxed', until: null };
  return { ...once, ...given } as CaseQuantifier;
}

function step(name: string, quantifier: Partial<CaseQuantifier> = {}, letters = name): CaseElement {
  const condition = of(letters);
  return { name, contiguity: 'followedBy', condition, quantifier: quantified(quantifier) };
}

function group(elements: readonly CaseElement[], quantifier: Partial<CaseQuantifier> = {}) {
  return { contiguity: 'followedBy', elements, quantifier: quantified(quantifier) };
}

function not(name: string): CaseElement {
  return { ...step(name), name: `no_${name}`, contiguity: 'notFollowedBy' } as CaseElement;
}

function then(element: CaseElement): CaseElement {
  return { ...element, contiguity: 'followedBy' };
}

function next(element: CaseElement): CaseElement {
  return { ...element, contiguity: 'next' };
}

/** Events a millisecond apart; time passes on behind them. */
function given(
  elements: readonly CaseElement[],
  letters: string,
  { within = null }: { readonly within?: number | null } = {},
): PatternCase {
  const events = letters.split(' ').map((letter, timeMs) => ({ letter, value: 1, timeMs }));
  return {
    elements,
    within,
    withinSteps: null,
    skip: { kind: 'noSkip' },
    events,
    endMs: 20,
    lateness: 0,
    arrivals: events.map((_, place) => place),
  };
}
