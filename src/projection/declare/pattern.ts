import type { EventDefinition } from '../../event/event-definition.ts';
import type { Duration } from '../check/duration.ts';
import type { DataFilter } from '../plan/filter-plan.ts';
import type { Contiguity, SkipPlan } from '../plan/pattern-element.ts';

/** Event type of steps that do not name one: the projection's events. */
export interface ProjectionEvent {
  readonly __projectionEvent: true;
}

/**
 * Conditions of a step on the projection's events, whose types are unknown until the pattern is
 * part of it.
 */
type StepWhere = Readonly<Record<string, unknown>> | ((event: never, soFar: never) => boolean);

/** Options of a step that takes the projection's events. */
export interface StepOptions<Where extends StepWhere = StepWhere> {
  readonly on?: undefined;
  /** Conditions on the event. A function also gets the events taken so far, by step. Pure. */
  readonly where?: Where;
}

/** Options of a step that takes one of several kinds of events. */
export interface StepOnOptions<Event> {
  readonly on: EventDefinition<Event>;
  /** Conditions on the event. A function also gets the events taken so far, by step. Pure. */
  readonly where?: DataFilter<Event> | ((event: Event, soFar: never) => boolean);
}

/** The steps of a pattern by name: how often each occurs, and its event. */
export type Steps = Readonly<
  Record<
    string,
    {
      readonly times: 'one' | 'maybe' | 'many';
      readonly event: unknown;
      /** Conditions that are still to be compared with the projection's events; unknown: none. */
      readonly where?: unknown;
    }
  >
>;

/** The events of a match by step: one event, an optional one, or a list. */
export type MatchOf<S extends Steps, Event> = {
  readonly [Name in keyof S]: S[Name]['times'] extends 'many'
    ? readonly Bound<S[Name]['event'], Event>[]
    : S[Name]['times'] extends 'maybe'
      ? Bound<S[Name]['event'], Event> | undefined
      : Bound<S[Name]['event'], Event>;
};

type Bound<E, Event> = E extends ProjectionEvent ? Event : E;

/**
 * Names of the steps whose conditions do not fit the projection's events: an unknown field, a value
 * of another type, a function that takes another event.
 */
export type Misfits<S extends Steps, Event> = {
  readonly [Name in keyof S]: Fits<Exclude<S[Name]['where'], undefined>, Event> extends true
    ? never
    : Name;
}[keyof S];

type Fits<Where, Event> = [Where] extends [never]
  ? true
  : unknown extends Where
    ? true
    : Where extends (event: infer Taken, ...soFar: never[]) => boolean
      ? [Event] extends [Taken]
        ? true
        : [Taken] extends [never]
          ? true
          : false
      : string extends keyof Where
        ? true
        : [keyof Where] extends [keyof Event]
          ? Where extends DataFilter<Event>
            ? true
            : false
          : false;

type One<Name extends string, Event, Where = unknown> = {
  readonly [N in Name]: { readonly times: 'one'; readonly event: Event; readonly where?: Where };
};
type Many<S extends Steps> = {
  readonly [N in keyof S]: {
    readonly times: 'many';
    readonly event: S[N]['event'];
    readonly where?: S[N]['where'];
  };
};
type Maybe<S extends Steps> = {
  readonly [N in keyof S]: {
    readonly times: S[N]['times'] extends 'many' ? 'many' : 'maybe';
    readonly event: S[N]['event'];
    readonly where?: S[N]['where'];
  };
};

/**
 * A pattern of events, as in Flink's CEP: steps and groups, each with its own contiguity to the
 * previous one. Quantity methods apply to the last step or group. `Before`: the steps before the
 * last; `Last`: the last.
 */
export interface Pattern<Before extends Steps, Last extends Steps> {
  /** @internal */
  readonly declared: DeclaredPattern;
  readonly __steps?: Before & Last;
  /**
   * Strict contiguity: the very next event of the key must match.
   * @example
   * begin('failed', { where: { result: 'FAILURE' } }).next('entered', {
   *   where: { result: 'SUCCESS' },
   * })
   */
  readonly next: StepMethod<Before & Last>;
  /**
   * Relaxed contiguity: the first later event that matches.
   * @example
   * begin('viewed', { on: PageViewed }).followedBy('ordered', { on: OrderPlaced })
   */
  readonly followedBy: StepMethod<Before & Last>;
  /**
   * Non-deterministic relaxed contiguity: every later event that matches, each in its own match.
   * @example
   * begin('viewed', { on: PageViewed }).followedByAny('ordered', { on: OrderPlaced })
   */
  readonly followedByAny: StepMethod<Before & Last>;
  /**
   * The very next event must not match.
   * @example
   * begin('failed', { where: { result: 'FAILURE' } }).notNext('entered', {
   *   where: { result: 'SUCCESS' },
   * })
   */
  readonly notNext: NegativeMethod<Before & Last>;
  /**
   * No event before the next step may match. As the last step it needs `within`.
   * @example
   * begin('viewed', { on: PageViewed })
   *   .notFollowedBy('ordered', { on: OrderPlaced })
   *   .within('1 hour')
   */
  readonly notFollowedBy: NegativeMethod<Before & Last>;
  /**
   * The step occurs exactly `n` times, or from `n` to `most` times.
   * @example
   * begin('failed', { where: { result: 'FAILURE' } }).times(3, 5)
   */
  times(n: number, most?: number): Pattern<Before, Many<Last>>;
  /**
   * @example
   * begin('failed', { where: { result: 'FAILURE' } }).timesOrMore(3)
   */
  timesOrMore(n: number): Pattern<Before, Many<Last>>;
  /**
   * @example
   * begin('failed', { where: { result: 'FAILURE' } })
   *   .oneOrMore()
   *   .next('entered', { where: { result: 'SUCCESS' } })
   */
  oneOrMore(): Pattern<Before, Many<Last>>;
  /**
   * The step may be absent.
   * @example
   * begin('viewed', { on: PageViewed }).optional().next('ordered', { on: OrderPlaced })
   */
  optional(): Pattern<Before, Maybe<Last>>;
  /**
   * Takes as many repetitions as possible before the next step.
   * @example
   * begin('viewed', { on: PageViewed }).oneOrMore().greedy().next('ordered', { on: OrderPlaced })
   */
  greedy(): Pattern<Before, Last>;
  /**
   * Repetitions must follow each other directly.
   * @example
   * begin('failed', { where: { result: 'FAILURE' } }).times(3).consecutive()
   */
  consecutive(): Pattern<Before, Last>;
  /**
   * Repetitions may skip matching events.
   * @example
   * begin('failed', { where: { result: 'FAILURE' } }).times(3).allowCombinations()
   */
  allowCombinations(): Pattern<Before, Last>;
  /**
   * Ends the repetitions at the first event that meets the condition; that event is not taken.
   * @example
   * begin('failed', { where: { result: 'FAILURE' } }).oneOrMore().until({ result: 'SUCCESS' })
   */
  until(
    condition: Readonly<Record<string, unknown>> | ((event: never, soFar: never) => boolean),
  ): Pattern<Before, Last>;
  /**
   * Limits the time from first to last event or, with 'betweenSteps', between neighbouring events:
   * strictly less.
   * @example
   * begin('first').next('second').next('third').within('1 minute', 'betweenSteps')
   */
  within(duration: Duration, between?: 'firstToLast' | 'betweenSteps'): Pattern<Before, Last>;
  /**
   * Sets what happens to other partial matches after a match. Default `noSkip()`.
   * @example
   * begin('first').next('second').afterMatch(skipPastLastEvent())
   */
  afterMatch(skip: SkipPlan<keyof (Before & Last) & string>): Pattern<Before, Last>;
}

/** A step name that the pattern does not have yet. */
type NewName<Name extends string, Before extends Steps> = string extends Name
  ? unknown
  : Name extends keyof Before
    ? never
    : unknown;

/** Adds a step or a group of steps. */
interface StepMethod<Before extends Steps> {
  <const Name extends string, Event>(
    name: Name & NewName<Name, Before>,
    options: StepOnOptions<Event>,
  ): Pattern<Before, One<Name, Event>>;
  <const Name extends string, const Where extends StepWhere = never>(
    name: Name & NewName<Name, Before>,
    options?: StepOptions<Where>,
  ): Pattern<Before, One<Name, ProjectionEvent, Where>>;
  <B extends Steps, L extends Steps>(group: Pattern<B, L>): Pattern<Before, B & L>;
}

/** Adds a negative step: an event that must not occur. */
interface NegativeMethod<Before extends Steps> {
  <Event>(name: string, options: StepOnOptions<Event>): Pattern<Before, Record<never, never>>;
  (name: string, options?: StepOptions): Pattern<Before, Record<never, never>>;
}

/** What the builder collected. Only the compiler reads it. */
export interface DeclaredPattern {
  readonly elements: readonly DeclaredElement[];
  /** Arguments of each call of `within`, not yet validated. */
  readonly within: readonly { readonly duration: unknown; readonly between: unknown }[];
  /** Argument of each call of `afterMatch`. */
  readonly skips: readonly SkipPlan[];
}

/** A step or group as declared. */
export interface DeclaredElement {
  readonly contiguity: Contiguity;
  readonly name: string | null;
  readonly options: { readonly on?: EventDefinition | undefined; readonly where?: unknown };
  readonly group: DeclaredPattern | null;
  readonly min: number;
  readonly max: number | null;
  readonly optional: boolean;
  readonly greedy: boolean;
  readonly inner: 'consecutive' | 'relaxed' | 'combinations';
  readonly until: unknown;
  /** Quantity methods that were called, in order; for messages. */
  readonly methods: readonly string[];
}

/**
 * Starts a pattern with a step or a group of steps.
 * @example
 * begin('failed', { where: { result: 'FAILURE' } })
 *   .followedBy('entered', { where: { result: 'SUCCESS' } })
 *   .within('5 minutes')
 */
export function begin<const Name extends string, Event>(
  name: Name,
  options: StepOnOptions<Event>,
): Pattern<Record<never, never>, One<Name, Event>>;
export function begin<const Name extends string, const Where extends StepWhere = never>(
  name: Name,
  options?: StepOptions<Where>,
): Pattern<Record<never, never>, One<Name, ProjectionEvent, Where>>;
export function begin<B extends Steps, L extends Steps>(
  group: Pattern<B, L>,
): Pattern<Record<never, never>, B & L>;
export function begin(first: unknown, options: unknown = {}): unknown {
  const empty = { elements: [], within: [], skips: [] };
  return patternOf(appended(empty, 'followedBy', first, options));
}

/**
 * Keeps all other partial matches.
 * @example
 * begin('first').next('second').afterMatch(noSkip())
 */
export function noSkip(): SkipPlan<never> {
  return { kind: 'noSkip' };
}

/**
 * Drops partial matches that started with the same event as the match.
 * @example
 * begin('first').next('second').afterMatch(skipToNext())
 */
export function skipToNext(): SkipPlan<never> {
  return { kind: 'skipToNext' };
}

/**
 * Drops partial matches that started before the match ended.
 * @example
 * begin('first').next('second').afterMatch(skipPastLastEvent())
 */
export function skipPastLastEvent(): SkipPlan<never> {
  return { kind: 'skipPastLastEvent' };
}

/**
 * Drops partial matches that started before the first event of the step.
 * @example
 * begin('first').next('second').afterMatch(skipToFirst('second'))
 */
export function skipToFirst<const Step extends string>(
  step: Step,
  options: { readonly throwOnMiss?: boolean } = {},
): SkipPlan<Step> {
  return { kind: 'skipToFirst', step, throwOnMiss: options.throwOnMiss ?? false };
}

/**
 * Drops partial matches that started before the last event of the step.
 * @example
 * begin('first').next('second').afterMatch(skipToLast('second', { throwOnMiss: true }))
 */
export function skipToLast<const Step extends string>(
  step: Step,
  options: { readonly throwOnMiss?: boolean } = {},
): SkipPlan<Step> {
  return { kind: 'skipToLast', step, throwOnMiss: options.throwOnMiss ?? false };
}

function appended(
  to: DeclaredPattern,
  contiguity: Contiguity,
  first: unknown,
  options: unknown,
): DeclaredPattern {
  const group = (first as { readonly declared?: DeclaredPattern } | undefined)?.declared ?? null;
  const element: DeclaredElement = {
    contiguity,
    name: typeof first === 'string' ? first : null,
    options: (options ?? {}) as DeclaredElement['options'],
    group,
    min: 1,
    max: 1,
    optional: false,
    greedy: false,
    inner: 'relaxed',
    until: null,
    methods: [],
  };
  return { ...to, elements: [...to.elements, element] };
}

function patternOf(declared: DeclaredPattern): unknown {
  const follow = (contiguity: Contiguity) => (first: unknown, options: unknown) =>
    patternOf(appended(declared, contiguity, first, options));
  const last = (change: Partial<DeclaredElement>, method: string) => {
    const elements = [...declared.elements];
    const element = elements.pop() as DeclaredElement;
    const methods = [...element.methods, method];
    return patternOf({ ...declared, elements: [...elements, { ...element, ...change, methods }] });
  };
  return {
    declared,
    next: follow('next'),
    followedBy: follow('followedBy'),
    followedByAny: follow('followedByAny'),
    notNext: follow('notNext'),
    notFollowedBy: follow('notFollowedBy'),
    times: (n: number, most = n) => last({ min: n, max: most }, 'times'),
    timesOrMore: (n: number) => last({ min: n, max: null }, 'timesOrMore'),
    oneOrMore: () => last({ min: 1, max: null }, 'oneOrMore'),
    optional: () => last({ optional: true }, 'optional'),
    greedy: () => last({ greedy: true }, 'greedy'),
    consecutive: () => last({ inner: 'consecutive' }, 'consecutive'),
    allowCombinations: () => last({ inner: 'combinations' }, 'allowCombinations'),
    until: (until: unknown) => last({ until }, 'until'),
    within: (duration: Duration, between = 'firstToLast') =>
      patternOf({ ...declared, within: [...declared.within, { duration, between }] }),
    afterMatch: (skip: SkipPlan) => patternOf({ ...declared, skips: [...declared.skips, skip] }),
  };
}

/** Named by public signatures. */
export type {
  Bound as StepEvent,
  Fits as ConditionFits,
  Many as StepsRepeated,
  Maybe as StepsOptional,
  NegativeMethod,
  NewName as NewStepName,
  One as StepOnce,
  StepMethod,
  StepWhere,
};
