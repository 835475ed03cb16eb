import type { EventDefinition } from '../../event/event-definition.ts';
import { failUnnamed } from '../check/fail-for.ts';
import type { DataFilter } from '../plan/filter-plan.ts';
import type { EmissionPlan } from '../plan/plan.ts';
import type { Definition } from '../plan/projection.ts';
import { Projection } from '../plan/projection.ts';
import type { SnakeCase } from '../plan/snake-case.ts';
import type { Column, Columns, RowOfColumns, SqlRowOfColumns } from './columns.ts';
import type {
  DeclaredSources,
  DisorderOptions,
  EventsOf,
  FieldsOf,
  TimeChoice,
  TimeField,
  TombstoneChoice,
} from './declared-sources.ts';
import type { RowFunction } from './inferred-columns.ts';
import { filtered, keyStep, sourcesFrom } from './key-step.ts';
import type { DeclaredPattern, MatchOf, Misfits, Pattern, Steps } from './pattern.ts';

/**
 * A projection that matches sequences of events of one key: complex event processing with the
 * semantics of Flink's CEP (docs/explanation/patterns.md).
 * @example
 * class LoginFraud extends PatternProjection {
 *   readonly name = 'login_fraud';
 *   readonly version = 1;
 *   define() {
 *     const failed = { where: { result: 'FAILURE' } } as const;
 *     return this.from(LoginAttempted)
 *       .key('userId')
 *       .pattern(begin('first', failed).next('second', failed).within('5 minutes'))
 *       .row((m) => ({ firstFailureAt: m.first.occurredAt }))
 *       .alert(FraudSuspected, ({ first, second }) => ({
 *         userId: first.userId,
 *         firstFailureAt: first.occurredAt,
 *         at: second.occurredAt,
 *       }));
 *   }
 * }
 */
export abstract class PatternProjection extends Projection {
  abstract override define(): AnyPatternDefinition;

  /**
   * Sets the events that may match. All events of a key count for contiguity, whether they match or
   * not.
   * @example
   * this.from(PageViewed, OrderPlaced)
   *   .key('visitorId')
   *   .pattern(begin('viewed', { on: PageViewed }).next('ordered', { on: OrderPlaced }))
   */
  protected from<Events extends readonly [unknown, ...unknown[]]>(
    ...events: EventsOf<Events>
  ): PatternKeyStep<Events[number]> {
    return keyStep(sourcesFrom(events), patternStep);
  }
}

/** After `from`: the key of the sequences. */
export interface PatternKeyStep<Event> {
  /**
   * Sets an event time other than the events' own time field.
   * @example
   * this.from(LoginAttempted)
   *   .time(ingestionTime())
   *   .key('userId')
   *   .pattern(begin('failed', { where: { result: 'FAILURE' } }))
   */
  time(time: TimeField<Event> | TimeChoice): PatternKeyStep<Event>;
  /**
   * Sets what happens to tombstones (records without a value). Default `'ignore'`.
   * @example
   * this.from(LoginAttempted)
   *   .onTombstone('refuse')
   *   .key('userId')
   *   .pattern(begin('failed', { where: { result: 'FAILURE' } }))
   */
  onTombstone(answer: TombstoneChoice): PatternKeyStep<Event>;
  /**
   * Sets the fields that separate sequences. They must contain the events' record key.
   * @example
   * this.from(LoginAttempted).key('userId', 'address').pattern(
   *   begin('failed', { where: { result: 'FAILURE' } }).times(3).within('5 minutes'),
   * )
   */
  key<const Names extends readonly [FieldsOf<Event>['key'], ...FieldsOf<Event>['key'][]]>(
    ...fields: Names
  ): PatternStep<Event, Names[number]>;
}

/** How a pattern handles disorder. */
export interface PatternOptions extends DisorderOptions {
  /**
   * Maximum number of partial matches per key; beyond it the key is quarantined. Default 10,000.
   */
  readonly maxRunsPerKey?: number;
}

/** After `key`: a filter of the events, and the pattern. */
export interface PatternStep<Event, Keys extends keyof Event & string> {
  /**
   * Ignores all other events: they do not even break `next`.
   * @example
   * this.from(UserActed)
   *   .key('userId')
   *   .where({ action: ['CLICK', 'PURCHASE'] })
   *   .pattern(begin('click', { where: { action: 'CLICK' } }).next('bought'))
   */
  where(filter: DataFilter<Event> | ((event: Event) => boolean)): PatternStep<Event, Keys>;
  /**
   * Sets the pattern. Events are matched in event-time order, once the watermark has passed them.
   * @example
   * this.from(LoginAttempted).key('userId').pattern(
   *   begin('failed', { where: { result: 'FAILURE' } })
   *     .oneOrMore()
   *     .followedBy('entered', { where: { result: 'SUCCESS' } })
   *     .within('5 minutes'),
   *   { lateness: '10 seconds', maxRunsPerKey: 1_000 },
   * )
   */
  pattern<Before extends Steps, Last extends Steps>(
    pattern: Pattern<Before, Last> & Fitting<Misfits<Before & Last, Event>>,
    options?: PatternOptions,
  ): PatternDefinition<MatchRow<Event, Keys>, MatchOf<Before & Last, Event>>;
}

/** If conditions of steps do not fit, the compiler names those steps. */
type Fitting<Steps> = [Steps] extends [never]
  ? unknown
  : { readonly conditionsThatDoNotFit: Steps & never };

/** The columns that every match has. */
export type MatchRow<Event, Keys extends keyof Event & string> = {
  [Name in Keys as SnakeCase<Name>]: NonNullable<Event[Name]>;
} & {
  match_id: string;
  matched_at: Date;
  positions: readonly {
    readonly step: string;
    readonly topic: string;
    readonly partition: number;
    readonly offset: string;
  }[];
  /** True: a partial match that timed out (`onTimeout`). */
  timed_out: boolean;
};

/** A complete declaration, ready to be compiled. */
export interface AnyPatternDefinition extends Definition<unknown> {
  readonly kind: 'pattern';
  /** @internal */
  readonly declared: PatternDeclaration;
}

/** Columns that are not part of a key: the key of a match is its `match_id`. */
type RowColumns = Readonly<Record<string, Column<unknown, boolean>>>;

/** A complete declaration with optional further steps. `Match`: events by step. */
export interface PatternDefinition<Row, Match> extends Definition<Row> {
  readonly kind: 'pattern';
  /** @internal */
  readonly declared: PatternDeclaration;
  /**
   * Declares the columns of a match's row as fields of its events; column types follow from the
   * events. For other values, declare the columns.
   * @example
   * this.from(LoginAttempted)
   *   .key('userId')
   *   .pattern(begin('failed', { where: { result: 'FAILURE' } }).times(3).within('5 minutes'))
   *   .row({ failures: int(), address: text().nullable() }, ({ failed }) => ({
   *     failures: failed.length,
   *     address: failed[0]?.address ?? null,
   *   }))
   */
  row<Values extends Readonly<Record<string, unknown>>>(
    make: (match: Match) => Values,
  ): PatternDefinition<
    Row & { [Name in keyof Values & string as SnakeCase<Name>]: Values[Name] | null },
    Match
  >;
  /** Declares the columns of a match's row and their values. */
  row<const C extends RowColumns>(
    columns: C,
    make: (match: Match) => RowOfColumns<C>,
  ): PatternDefinition<Row & SqlRowOfColumns<C>, Match>;
  /**
   * Publishes an event for every match through the outbox, with a deterministic id. `make` is pure;
   * null: no event for this match.
   * @example
   * this.from(LoginAttempted)
   *   .key('userId')
   *   .pattern(begin('first').next('second').within('1 second'))
   *   .alert(FraudSuspected, ({ first, second }) =>
   *     first.address === second.address
   *       ? null
   *       : { userId: first.userId, firstFailureAt: first.occurredAt, at: second.occurredAt },
   *   )
   */
  alert<Out>(
    event: EventDefinition<Out>,
    make: (match: Match) => NoInfer<Out> | null,
  ): PatternDefinition<Row, Match>;
  /**
   * Writes a row (`timed_out` true) for partial matches that time out. Needs `within`.
   * @example
   * this.from(PageViewed, OrderPlaced)
   *   .key('visitorId')
   *   .pattern(
   *     begin('viewed', { on: PageViewed })
   *       .followedBy('ordered', { on: OrderPlaced })
   *       .within('1 hour'),
   *   )
   *   .onTimeout()
   */
  onTimeout(): PatternDefinition<Row, Match>;
  /**
   * Writes such a row and publishes an event for each; null: no event. Steps that were not reached
   * are undefined.
   */
  onTimeout<Out>(
    event: EventDefinition<Out>,
    make: (partial: Partial<Match>) => NoInfer<Out> | null,
  ): PatternDefinition<Row, Match>;
  /**
   * Adds an index on these columns of the read model. In a rebuild it is built last.
   * @example
   * this.from(LoginAttempted)
   *   .key('userId')
   *   .pattern(begin('failed', { where: { result: 'FAILURE' } }))
   *   .index('matched_at')
   */
  index(...columns: readonly (keyof Row & string)[]): PatternDefinition<Row, Match>;
}

/** What the builder collected. Only the compiler reads it. */
export interface PatternDeclaration {
  readonly sources: DeclaredSources;
  /** The pattern; undefined if the argument was not a pattern. */
  readonly pattern: DeclaredPattern | undefined;
  readonly options: PatternOptions;
  readonly columns: Columns | null;
  readonly row: RowFunction | null;
  readonly keepsTimeouts: boolean;
  readonly emissions: readonly EmissionPlan[];
  readonly indexes: readonly (readonly string[])[];
}

function patternStep<Event, Keys extends keyof Event & string>(
  sources: DeclaredSources,
): PatternStep<Event, Keys> {
  return {
    where: (filter) => patternStep(filtered(sources, filter)),
    pattern: (pattern, options = {}) =>
      finished({
        sources,
        pattern: (pattern as { declared: DeclaredPattern } | undefined)?.declared,
        options,
        columns: null,
        row: null,
        keepsTimeouts: false,
        emissions: [],
        indexes: [],
      }) as never,
  };
}

function finished<Row, Match>(declared: PatternDeclaration): PatternDefinition<Row, Match> {
  const emitting = (on: EmissionPlan['on'], event: unknown, make: unknown): PatternDeclaration => ({
    ...declared,
    emissions: [
      ...declared.emissions,
      { on, event: event as EventDefinition, make: make as EmissionPlan['make'] },
    ],
  });
  return {
    kind: 'pattern',
    declared,
    row: (...given: readonly unknown[]) => {
      if (declared.row !== null) {
        failUnnamed('.row(…)', 'is called twice; make one of both.');
      }
      const [columns, row] = typeof given[0] === 'function' ? [null, given[0]] : given;
      return finished({
        ...declared,
        columns: columns as Columns | null,
        row: row as RowFunction,
      }) as never;
    },
    alert: (event, make) => finished(emitting('match', event, make)),
    onTimeout: (event?: unknown, make?: unknown) =>
      finished<Row, Match>({
        ...(event === undefined && make === undefined
          ? declared
          : emitting('timeout', event, make)),
        keepsTimeouts: true,
      }),
    index: (...columns) => finished({ ...declared, indexes: [...declared.indexes, columns] }),
  };
}

/** Named by public signatures. */
export type { Fitting as FittingPattern, RowColumns };
