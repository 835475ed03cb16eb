import { AssertionError } from 'node:assert';
import type { EventDefinition } from '../event/event-definition.ts';
import type { Projection, RowOf } from '../projection/plan/projection.ts';
import type { ErrorCode } from '../reprise-error.ts';
import type { Happening } from './happening.ts';
import type { Comparison } from './require-rows.ts';
import { requireRows } from './require-rows.ts';
import type { Scenario, ScenarioOptions } from './scenario.ts';
import { scenario } from './scenario.ts';
import type { Given } from './with-dates.ts';
import { withDates } from './with-dates.ts';

/** Rows of the view in a specification: only the columns that it names are compared. */
export type ExpectedRow<P extends Projection> = RowOf<P> extends object ? Partial<RowOf<P>> : never;

/** After `given`: the input. */
export interface GivenStep<P extends Projection> {
  /**
   * Adds happenings, in this order.
   * @example
   * const view = { userId: 'u1', result: 'SUCCESS', address: '10.0.0.1', occurredAt: 0 } as const;
   * given(new LoginFraud()).when(occurred(LoginAttempted, view), quiet(0, '1 hour')).then([]);
   */
  when(...happenings: readonly Happening[]): WhenStep<P>;
}

/** After `when`: the expected result. */
export interface WhenStep<P extends Projection> extends GivenStep<P> {
  /**
   * Expects these records, by error code, to be dead letters; in log order by partition. Call it
   * before `then([])`, see there.
   * @example
   * given(new LoginFraud())
   *   .when(tombstone(LoginAttempted, 'ada'))
   *   .deadLetters()
   *   .then([]);
   */
  deadLetters(...reasons: readonly ErrorCode[]): WhenStep<P>;
  /**
   * Expects the view to show these rows and no others, in any order; only the named columns are
   * compared. Without argument: no expectation. `[]` fails if records could not be folded and
   * `deadLetters` has not been called before: then the view is empty only because of these
   * failures.
   * @throws AssertionError with a diff, and why records could not be folded
   * @example
   * const customer = { customerId: 'c1', name: 'Ada', occurredAt: 0 };
   * const opened = { customerId: 'c1', accountId: 'a1', deposit: new Decimal(500n, 2) };
   * given(new AccountOverview())
   *   .when(occurred(CustomerRegistered, customer))
   *   .when(occurred(AccountOpened, { ...opened, occurredAt: 1 }))
   *   .then([{ account_id: 'a1', owner: 'Ada' }]);
   */
  then(rows?: readonly ExpectedRow<P>[]): Outcome<P>;
}

/** After `then`: further expectations, or further input. */
export interface Outcome<P extends Projection> extends GivenStep<P> {
  /**
   * Expects another table of the projection to show these rows and no others.
   * @example
   * given(new AccountOverview())
   *   .when(occurred(CustomerRegistered, { customerId: 'c1', name: 'Ada', occurredAt: 0 }))
   *   .then([])
   *   .table('customers', [{ name: 'Ada' }]);
   */
  table(name: string, rows: readonly Readonly<Record<string, unknown>>[]): Outcome<P>;
  /**
   * Expects exactly these published events of this kind. Only the named fields are compared.
   * @example
   * const at = { userId: 'u1', result: 'SUCCESS', address: '10.0.0.1', occurredAt: 0 } as const;
   * given(new LoginFraud())
   *   .when(occurred(LoginAttempted, at), quiet(0, '1 hour'))
   *   .then([])
   *   .alerts(FraudSuspected, []);
   */
  alerts<Event>(
    event: EventDefinition<Event>,
    values: readonly Partial<Given<Event>>[],
  ): Outcome<P>;
  /**
   * Expects this number of late events.
   * @example
   * const at = { userId: 'u1', result: 'SUCCESS', address: '10.0.0.1' } as const;
   * given(new LoginFraud())
   *   .when(occurred(LoginAttempted, { ...at, occurredAt: 60_000 }))
   *   .when(occurred(LoginAttempted, { ...at, occurredAt: 0 }))
   *   .then([])
   *   .late(1);
   */
  late(count: number): Outcome<P>;
  /**
   * Expects these records, by error code, to be dead letters; in log order by partition.
   * @example
   * const attempt = { userId: 'u1', result: 'SUCCESS', address: '10.0.0.1' } as const;
   * given(new LoginFraud())
   *   // The event says that it happened a day after its record was written.
   *   .when(occurred(LoginAttempted, { ...attempt, occurredAt: 86_400_000 }, { timestamp: 0 }))
   *   .then()
   *   .deadLetters('FUTURE');
   */
  deadLetters(...reasons: readonly ErrorCode[]): Outcome<P>;
  /** The scenario itself, for other checks. */
  readonly scenario: Scenario<P>;
}

/**
 * Starts a specification of a projection, over a log in memory.
 * @example
 * const failed = (userId: string, occurredAt: number) =>
 *   occurred(LoginAttempted, { userId, result: 'FAILURE', address: '10.0.0.1', occurredAt });
 * given(new LoginFraud())
 *   .when(failed('ada', 0), failed('ada', 1_000), failed('ada', 2_000))
 *   .when(quiet(0, '1 minute'))
 *   .then([{ user_id: 'ada', matched_at: new Date(2_000) }])
 *   .alerts(FraudSuspected, [{ userId: 'ada' }]);
 */
export function given<P extends Projection>(
  projection: P,
  options: ScenarioOptions = {},
): GivenStep<P> {
  return step(scenario(projection, options), 0);
}

/** `said`: number of dead letters that the specification has named. */
function step<P extends Projection>(s: Scenario<P>, said: number): WhenStep<P> {
  return {
    when: (...happenings) => step(s.play(...happenings), said),
    deadLetters: (...reasons) => {
      requireReasons(s, reasons);
      return step(s, reasons.length);
    },
    then: (rows, ...rest: readonly unknown[]) => {
      if (typeof rows === 'function') return notAwaited(rest[0]);
      if (rows !== undefined) {
        requireShown(s, { what: `${s.plan.name} shows`, shown: s.rows(), expected: rows });
        if (rows.length === 0) requireNoSilentLetters(s, said);
      }
      return outcome(s, said);
    },
  };
}

function outcome<P extends Projection>(s: Scenario<P>, said: number): Outcome<P> {
  return {
    scenario: s,
    when: (...happenings) => step(s, said).when(...happenings),
    table: (name, rows) => {
      const what = `${s.plan.name}_${name} shows`;
      requireShown(s, { what, shown: s.rows(name), expected: rows });
      return outcome(s, said);
    },
    alerts: (event, values) => {
      const what = `${s.plan.name} publishes as ${event.name}`;
      const expected = values.map((value) => withDates(event as EventDefinition, value));
      requireShown(s, { what, shown: s.alerts(event), expected });
      return outcome(s, said);
    },
    late: (count) => {
      const shown = s.lateEvents();
      if (shown.length === count) return outcome(s, said);
      throw new AssertionError({
        actual: shown.length,
        expected: count,
        message: `${s.plan.name} finds ${shown.length} events late, ${count} expected.`,
      });
    },
    deadLetters: (...reasons) => {
      requireReasons(s, reasons);
      return outcome(s, reasons.length);
    },
  };
}

/** Compares rows. @throws AssertionError that also says why records could not be folded */
function requireShown(s: Scenario, comparison: Comparison): void {
  try {
    requireRows(comparison);
  } catch (error) {
    const letters = lettersText(s);
    if (!(error instanceof AssertionError) || letters === '') throw error;
    const { actual, expected, message } = error;
    throw new AssertionError({
      actual,
      expected,
      operator: 'deepStrictEqual',
      message: `${message}\n\n${letters}`,
    });
  }
}

function requireNoSilentLetters(s: Scenario, said: number): void {
  const reasons = s.deadLetters().map(({ reason }) => reason);
  if (reasons.length <= said) return;
  throw new AssertionError({
    actual: reasons,
    expected: [],
    message: `${s.plan.name} shows no row. Is that as it should be, say .deadLetters(${reasons.map((reason) => `'${reason}'`).join(', ')}) before .then([]).\n\n${lettersText(s)}`,
  });
}

function requireReasons(s: Scenario, reasons: readonly ErrorCode[]): void {
  const found = s.deadLetters().map(({ reason }) => reason);
  if (found.join() === reasons.join()) return;
  throw new AssertionError({
    actual: found,
    expected: reasons,
    message: [
      `${s.plan.name} sets aside [${found.join(', ')}], [${reasons.join(', ')}] expected.`,
      ...s.deadLetters().map(({ message }) => message),
    ].join('\n'),
  });
}

/** Describes the dead letters; empty if there are none. */
function lettersText(s: Scenario): string {
  const letters = s.deadLetters();
  if (letters.length === 0) return '';
  return [
    `Records that could not be folded: ${letters.length}.`,
    ...letters.map(({ reason, message }) => `  ${reason}: ${message}`),
  ].join('\n');
}

/**
 * Rejects: a test that returns or awaits the step before `then` would otherwise pass without a
 * check.
 */
function notAwaited(reject: unknown): never {
  const error = new TypeError('given(…).when(…) is no promise: go on with .then(rows).');
  if (typeof reject !== 'function') throw error;
  (reject as (reason: Error) => void)(error);
  return undefined as never;
}
