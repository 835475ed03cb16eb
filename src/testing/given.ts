import { AssertionError } from 'node:assert';
import type { EventDefinition } from '../event/event-definition.ts';
import type { Projection, RowOf } from '../projection/projection.ts';
import type { ErrorCode } from '../reprise-error.ts';
import { requireRows } from './compare-rows.ts';
import type { Given } from './event-value.ts';
import { withDates } from './event-value.ts';
import type { Happening } from './happening.ts';
import type { Scenario, ScenarioOptions } from './scenario.ts';
import { scenario } from './scenario.ts';

/** Rows of the view as a specification gives them: the columns it names are compared, others are not. */
export type ExpectedRow<P extends Projection> = RowOf<P> extends object ? Partial<RowOf<P>> : never;

/** After `given`: what happens. */
export interface GivenStep<P extends Projection> {
  /** These things happen, in this order. */
  when(...happenings: readonly Happening[]): WhenStep<P>;
}

/** After `when`: what is to be seen. */
export interface WhenStep<P extends Projection> extends GivenStep<P> {
  /**
   * The view shows these rows and no others, in any order; of each row the columns named are compared. Without rows: nothing is said of them.
   * @throws AssertionError with a diff
   */
  then(rows?: readonly ExpectedRow<P>[]): Outcome<P>;
}

/** After `then`: what else is to be seen, or happens next. */
export interface Outcome<P extends Projection> extends GivenStep<P> {
  /** Another table of the projection shows these rows and no others. */
  table(name: string, rows: readonly Readonly<Record<string, unknown>>[]): Outcome<P>;
  /** These events of this kind were published, and no others. Fields named are compared. */
  alerts<Event>(
    event: EventDefinition<Event>,
    values: readonly Partial<Given<Event>>[],
  ): Outcome<P>;
  /** So many events came too late to count. */
  late(count: number): Outcome<P>;
  /** These records, by reason, could not be folded; in log order by partition. */
  deadLetters(...reasons: readonly ErrorCode[]): Outcome<P>;
  /** The scenario itself, for whatever else there is to see. */
  readonly scenario: Scenario<P>;
}

/**
 * A specification of a projection, over a log in memory.
 * @example
 * given(new LoginFraud())
 *   .when(failed('ada', 0), failed('ada', 1), failed('ada', 2))
 *   .then([{ user_id: 'ada', matched_at: minute(2) }])
 *   .alerts(FraudSuspected, [{ userId: 'ada' }]);
 */
export function given<P extends Projection>(
  projection: P,
  options: ScenarioOptions = {},
): GivenStep<P> {
  return step(scenario(projection, options));
}

function step<P extends Projection>(s: Scenario<P>): WhenStep<P> {
  return {
    when: (...happenings) => step(s.play(...happenings)),
    then: (rows, ...rest: readonly unknown[]) => {
      if (typeof rows === 'function') return notAwaited(rest[0]);
      if (rows !== undefined) {
        requireRows({ what: `${s.plan.name} shows`, shown: s.rows(), expected: rows });
      }
      return outcome(s);
    },
  };
}

function outcome<P extends Projection>(s: Scenario<P>): Outcome<P> {
  return {
    scenario: s,
    when: (...happenings) => step(s).when(...happenings),
    table: (name, rows) => {
      const what = `${s.plan.name}_${name} shows`;
      requireRows({ what, shown: s.rows(name), expected: rows });
      return outcome(s);
    },
    alerts: (event, values) => {
      const what = `${s.plan.name} publishes as ${event.name}`;
      const expected = values.map((value) => withDates(event as EventDefinition, value));
      requireRows({ what, shown: s.alerts(event), expected });
      return outcome(s);
    },
    late: (count) => {
      const shown = s.lateEvents();
      if (shown.length === count) return outcome(s);
      throw new AssertionError({
        actual: shown.length,
        expected: count,
        message: `${s.plan.name} finds ${shown.length} events late, ${count} expected.`,
      });
    },
    deadLetters: (...reasons) => {
      const shown = s.deadLetters();
      const found = shown.map(({ reason }) => reason);
      if (found.join() === reasons.join()) return outcome(s);
      throw new AssertionError({
        actual: found,
        expected: reasons,
        message: [
          `${s.plan.name} sets aside [${found.join(', ')}], [${reasons.join(', ')}] expected.`,
          ...shown.map(({ message }) => message),
        ].join('\n'),
      });
    },
  };
}

/** A test that returns or awaits the step before `then` would pass without saying anything. */
function notAwaited(reject: unknown): never {
  const error = new TypeError('given(…).when(…) is no promise: go on with .then(rows).');
  if (typeof reject !== 'function') throw error;
  (reject as (reason: Error) => void)(error);
  return undefined as never;
}
