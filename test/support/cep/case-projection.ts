import { defineAvroEvent } from '../../../src/event/define-avro-event.ts';
import { compileProjection } from '../../../src/projection/compile/compile-projection.ts';
import { begin } from '../../../src/projection/declare/pattern.ts';
import { PatternProjection } from '../../../src/projection/declare/pattern-projection.ts';
import type { Plan } from '../../../src/projection/plan/plan.ts';
import type { Projection } from '../../../src/projection/plan/projection.ts';
import { isRepriseError } from '../../../src/reprise-error.ts';
import type { Random } from '../avro/random.ts';
import type { Happening } from '../scenario-laws.ts';
import type { Taken } from './cep-oracle.ts';
import type {
  CaseCondition,
  CaseElement,
  CaseEvent,
  CaseQuantifier,
  PatternCase,
} from './pattern-case.ts';
import { randomCase } from './pattern-case.ts';

/** An event of a case in the log. */
interface Happened {
  readonly user: string;
  readonly letter: string;
  readonly value: number;
  readonly at: Date;
}

const Happened = defineAvroEvent<Happened>({
  name: 'Happened',
  topic: 'happened',
  key: 'user',
  time: 'at',
  fields: [
    { name: 'user', type: { kind: 'string' }, nullable: false },
    { name: 'letter', type: { kind: 'string' }, nullable: false },
    { name: 'value', type: { kind: 'int' }, nullable: false },
    { name: 'at', type: { kind: 'timestamp-millis' }, nullable: false },
  ],
  schema: JSON.stringify({
    type: 'record',
    name: 'Happened',
    fields: [
      { name: 'user', type: 'string' },
      { name: 'letter', type: 'string' },
      { name: 'value', type: 'int' },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    ],
  }),
});

type Step = (first: unknown, options?: unknown) => Built;
type Built = Readonly<Record<string, (...given: unknown[]) => Built>>;

/** The next random case whose pattern is no mistake, with its plan. */
export function acceptedCase(random: Random): { readonly one: PatternCase; readonly plan: Plan } {
  for (;;) {
    const one = randomCase(random);
    try {
      return { one, plan: planOf(one) };
    } catch (error) {
      if (!isRepriseError(error, 'DEFINITION_INVALID')) throw error;
    }
  }
}

/** The plan of a case. @throws DEFINITION_INVALID */
export function planOf(one: PatternCase): Plan {
  return compileProjection(projectionOf(one));
}

/** The projection of a case, declared as users do it. */
function projectionOf({ elements, within, withinSteps, skip, lateness }: PatternCase): Projection {
  let pattern = built(elements);
  if (within !== null) pattern = call(pattern, 'within', within);
  if (withinSteps !== null) pattern = call(pattern, 'within', withinSteps, 'betweenSteps');
  pattern = call(pattern, 'afterMatch', skip);
  return new (class Matches extends PatternProjection {
    readonly name = 'matches';
    readonly version = 1;
    define() {
      const declared = this.from(Happened)
        .key('user')
        .pattern(pattern as never, { lateness });
      return within === null && withinSteps === null ? declared : declared.onTimeout();
    }
  })();
}

/** What happens in a case: its events as they arrive, and the end of time. */
export function happeningsOf({ events, arrivals, lateness, endMs }: PatternCase): Happening[] {
  const latestMs = Math.max(0, ...events.map(({ timeMs }) => timeMs));
  const arrive = arrivals.map((place): Happening => {
    const { letter, value, timeMs } = events[place] as CaseEvent;
    return {
      kind: 'event',
      event: Happened,
      value: { user: 'u', letter, value, at: new Date(timeMs) },
      timestampMs: timeMs,
      partition: 0,
    };
  });
  const quietMs = endMs - latestMs + lateness;
  return quietMs === 0 ? arrive : [...arrive, { kind: 'tick', partition: 0, quietMs }];
}

/**
 * Rows of the projection as Flink shows matches: events by step, as places in the case's events;
 * which of them ran out of time.
 */
export function takenIn(
  { arrivals }: PatternCase,
  rows: readonly unknown[],
): { readonly matches: readonly Taken[]; readonly timeouts: readonly Taken[] } {
  const shown = rows.map((row) => {
    const { positions, timed_out: timedOut } = row as {
      positions: readonly { step: string; offset: string }[];
      timed_out: boolean;
    };
    const taken: Record<string, number[]> = {};
    for (const { step, offset } of positions) {
      taken[step] ??= [];
      taken[step].push(arrivals[Number(offset)] as number);
    }
    return { taken, timedOut };
  });
  return {
    matches: shown.filter(({ timedOut }) => !timedOut).map(({ taken }) => taken),
    timeouts: shown.filter(({ timedOut }) => timedOut).map(({ taken }) => taken),
  };
}

function built(elements: readonly CaseElement[]): Built {
  let pattern: Built | null = null;
  for (const element of elements) {
    const what = 'elements' in element ? built(element.elements) : element.name;
    const options = 'elements' in element ? undefined : { where: accepts(element.condition) };
    pattern =
      pattern === null
        ? (begin as unknown as Step)(what, options)
        : call(pattern, element.contiguity, what, options);
    pattern = quantified(pattern, element.quantifier);
  }
  return pattern as Built;
}

function quantified(pattern: Built, quantifier: CaseQuantifier): Built {
  const { min, max, optional, greedy, inner, until } = quantifier;
  let next = pattern;
  if (max === null) {
    next = min === 1 ? call(next, 'oneOrMore') : call(next, 'timesOrMore', min);
  } else if (max > 1) next = call(next, 'times', min, max);
  if (greedy) next = call(next, 'greedy');
  if (optional) next = call(next, 'optional');
  if (inner === 'consecutive') next = call(next, 'consecutive');
  if (inner === 'combinations') next = call(next, 'allowCombinations');
  return until === null ? next : call(next, 'until', accepts(until));
}

function call(pattern: Built, method: string, ...given: unknown[]): Built {
  return (pattern[method] as Step)(...(given as [unknown]));
}

function accepts({ letters, rises }: CaseCondition) {
  if (rises.length === 0) return (event: Happened) => letters.includes(event.letter);
  return (event: Happened, soFar: Readonly<Record<string, Happened | readonly Happened[]>>) =>
    letters.includes(event.letter) &&
    rises.every((step) => [soFar[step] ?? []].flat().every(({ value }) => value <= event.value));
}
