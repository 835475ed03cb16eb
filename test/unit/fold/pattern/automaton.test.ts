import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  enumerateMatches,
  type OraclePattern,
} from '../../../../src/fold/oracle/enumerate-matches.ts';
import type { MatchEvent } from '../../../../src/fold/pattern/key-state.ts';
import { chainOf, emptyKeyState } from '../../../../src/fold/pattern/key-state.ts';
import {
  keyStateFromJson,
  keyStateToJson,
} from '../../../../src/fold/pattern/key-state-to-json.ts';
import type { Match } from '../../../../src/fold/pattern/matcher.ts';
import { Matcher } from '../../../../src/fold/pattern/matcher.ts';
import { patternGraph } from '../../../../src/fold/pattern/pattern-graph.ts';
import type {
  ConditionOfStep,
  Contiguity,
  PatternElement,
  QuantifierPlan,
  SkipPlan,
} from '../../../../src/projection/plan/pattern-element.ts';

/** Patterns tried; each with ten inputs. */
const PATTERNS = Number(process.env['REPRISE_TEST_PATTERNS'] ?? 5_000);
const INPUTS = 10;

interface Letter {
  readonly letter: string;
  readonly value: number;
}

const once: QuantifierPlan = {
  min: 1,
  max: 1,
  optional: false,
  greedy: false,
  inner: 'relaxed',
  until: null,
};

/** A condition: one of the letters; or, iterative, a value above the sum of what was taken. */
function condition(letters: string, isRising = false): ConditionOfStep {
  const accepts = (event: Letter) => letters.includes(event.letter);
  const rises = (event: Letter, soFar: Readonly<Record<string, Letter | Letter[]>>) => {
    const taken = Object.values(soFar).flat();
    return taken.length === 0 || event.value >= Math.max(...taken.map(({ value }) => value));
  };
  return {
    source: null,
    where: [{ kind: 'function', accepts: accepts as never }],
    iterative: isRising ? [rises as never] : [],
  };
}

function step(
  name: string,
  contiguity: Contiguity,
  more: { letters?: string; quantifier?: Partial<QuantifierPlan>; rising?: boolean } = {},
): PatternElement {
  return {
    kind: 'step',
    name,
    contiguity,
    condition: condition(more.letters ?? name, more.rising),
    quantifier: { ...once, ...more.quantifier },
  };
}

function accepts(condition: ConditionOfStep, event: Letter): boolean {
  return condition.where.every(
    (filter) => filter.kind === 'function' && filter.accepts(event as never),
  );
}

/** Runs the automaton; its state goes through text after every `restart`-th event. */
function automaton(
  pattern: OraclePattern,
  input: readonly (Letter & { timeMs: number })[],
  endMs: number,
  restart = 0,
) {
  const graph = patternGraph(pattern.elements);
  const matcher = new Matcher({ ...pattern, graph, keepsTimeouts: true, maxRunsPerKey: 100_000 });
  let key = emptyKeyState();
  const matches: Match[] = [];
  for (const [i, { timeMs, ...value }] of input.entries()) {
    const holds = graph.conditions.reduce(
      (bits, each, c) => (accepts(each, value) ? bits | (1 << c) : bits),
      0,
    );
    const event: MatchEvent = { timeMs, topic: 't', partition: 0, offset: i, holds, value };
    matches.push(...matcher.take(key, event));
    if (restart > 0 && i % restart === 0) key = keyStateFromJson(keyStateToJson(key));
  }
  matches.push(...matcher.expire(key, endMs));
  return {
    key,
    matches: matches.filter(({ timedOut }) => !timedOut),
    timeouts: matches.filter(({ timedOut }) => timedOut),
    graph,
  };
}

function printed(matches: readonly Match[]): string[] {
  return matches.map(
    ({ last, matchedAtMs }) =>
      `${chainOf(last)
        .map(({ step: name, event }) => `${name}${event.offset}`)
        .join(' ')} @${matchedAtMs}`,
  );
}

function enumerated(
  pattern: OraclePattern,
  input: readonly (Letter & { timeMs: number })[],
  endMs: number,
) {
  const events = input.map(({ timeMs, ...value }) => ({ timeMs, value }));
  const { repeated } = patternGraph(pattern.elements);
  const found = enumerateMatches({
    pattern,
    events,
    endMs,
    repeated,
    meets: (each, { value }, soFar) =>
      accepts(each, value as Letter) &&
      each.iterative.every((holds) => holds(value as never, soFar as never)),
  });
  return found.map(
    ({ taken, matchedAtMs }) =>
      `${taken.map(({ step: name, at }) => `${name}${at}`).join(' ')} @${matchedAtMs}`,
  );
}

const letters = fc.constantFrom('a', 'b', 'c', 'ab', 'bc', 'abc');
const quantifiers: fc.Arbitrary<Partial<QuantifierPlan>> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constant({ optional: true }) },
  {
    weight: 4,
    arbitrary: fc
      .record({
        range: fc.constantFrom([2, 2], [1, 2], [2, 3], [1, null], [2, null]),
        optional: fc.boolean(),
        greedy: fc.boolean(),
        inner: fc.constantFrom('relaxed' as const, 'consecutive' as const, 'combinations' as const),
        until: fc.option(
          letters.map((each) => condition(each)),
          { freq: 3 },
        ),
      })
      .map(({ range: [min, max], until, ...rest }) => ({
        ...rest,
        min: min as number,
        max: max as number | null,
        until: max === null ? until : null,
      })),
  },
);
const positive = fc.constantFrom<Contiguity>('next', 'followedBy', 'followedByAny');

function elements(names: string, depth: number): fc.Arbitrary<PatternElement[]> {
  return fc
    .array(
      fc.record({
        kind: fc.constantFrom('step', 'step', 'step', depth > 0 ? 'group' : 'step', 'not'),
        contiguity: positive,
        negation: fc.constantFrom<Contiguity>('notNext', 'notFollowedBy'),
        letters,
        rising: fc.constantFrom(false, false, true),
        quantifier: quantifiers,
        inside: depth > 0 ? elements(`${names}g`, 0) : fc.constant<PatternElement[]>([]),
      }),
      { minLength: 1, maxLength: 3 },
    )
    .map((parts) =>
      parts.map((part, i): PatternElement => {
        const name = `${names}${i}`;
        if (part.kind === 'not' && i > 0)
          return step(name, part.negation, { letters: part.letters });
        const { contiguity, quantifier } = part;
        if (part.kind !== 'group') return step(name, contiguity, part);
        const inner = part.inside.map((each, n) =>
          renamed(
            each,
            `${name}${n}`,
            n === 0 ? { ...each.quantifier, optional: false } : each.quantifier,
          ),
        );
        // A group that repeats must not end with a negation: that is refused when a pattern is
        // compiled.
        while (inner.at(-1)?.contiguity.startsWith('not')) inner.pop();
        return {
          kind: 'group',
          contiguity,
          quantifier: { ...once, ...quantifier },
          elements: inner,
        };
      }),
    );
}

function renamed(
  element: PatternElement,
  name: string,
  quantifier: QuantifierPlan,
): PatternElement {
  return element.kind === 'step' ? { ...element, name, quantifier } : element;
}

const patterns = fc
  .record({
    elements: elements('s', 1),
    withinMs: fc.option(fc.integer({ min: 1, max: 12 })),
    withinStepsMs: fc.option(fc.integer({ min: 1, max: 6 }), { freq: 3 }),
    skip: fc.constantFrom<SkipPlan['kind']>(
      'noSkip',
      'noSkip',
      'skipToNext',
      'skipPastLastEvent',
      'skipToFirst',
      'skipToLast',
    ),
    skipStep: fc.nat({ max: 2 }),
  })
  .map(({ skip, skipStep, ...rest }): OraclePattern => {
    const waits = rest.elements.at(-1)?.contiguity === 'notFollowedBy';
    const withinMs = waits ? (rest.withinMs ?? 7) : rest.withinMs;
    const plan =
      skip.startsWith('skipTo') && skip !== 'skipToNext'
        ? ({ kind: skip, step: `s${skipStep}`, throwOnMiss: false } as SkipPlan)
        : ({ kind: skip } as SkipPlan);
    return { ...rest, withinMs, skip: plan };
  })
  .filter(({ elements: list }) =>
    list.some(
      ({ quantifier, contiguity }) => !quantifier.optional && !contiguity.startsWith('not'),
    ),
  );

const inputs = fc
  .array(
    fc.record({
      letter: fc.constantFrom('a', 'b', 'c', 'd'),
      value: fc.nat({ max: 3 }),
      waitMs: fc.nat({ max: 2 }),
    }),
    {
      maxLength: 7,
    },
  )
  .map((list) => {
    let timeMs = 0;
    return list.map(({ waitMs, ...letter }) => {
      timeMs += waitMs;
      return { ...letter, timeMs };
    });
  });

describe('the automaton and the enumerator', () => {
  test(`agree on ${PATTERNS * INPUTS} random patterns and inputs`, () => {
    fc.assert(
      fc.property(
        patterns,
        fc.array(inputs, { minLength: INPUTS, maxLength: INPUTS }),
        fc.nat({ max: 3 }),
        (pattern, many, restart) => {
          for (const input of many) {
            const endMs = (input.at(-1)?.timeMs ?? 0) + 5;
            const { matches } = automaton(pattern, input, endMs, restart);
            expect(printed(matches)).toEqual(enumerated(pattern, input, endMs));
          }
        },
      ),
      { numRuns: PATTERNS },
    );
  }, 600_000);
});
