import type { EventDefinition } from '../../event/event-definition.ts';
import type { Duration } from '../check/duration.ts';
import type { DataFilter } from '../plan/filter-plan.ts';
import type { EmissionPlan } from '../plan/plan.ts';
import type { Definition, Flat } from '../plan/projection.ts';
import { Projection } from '../plan/projection.ts';
import type { SnakeCase } from '../plan/snake-case.ts';
import type { Approximate, Measure, MeasureValue } from './aggregates.ts';
import type { CheckedMeasures } from './checked-measures.ts';
import type { DeclaredMeasure } from './declared-measure.ts';
import type {
  DeclaredSources,
  DisorderOptions,
  EventsOf,
  FieldsOf,
  TimeChoice,
  TimeField,
  TombstoneChoice,
} from './declared-sources.ts';
import { closingSteps, filtered, keyStep, sourcesFrom } from './key-step.ts';

/**
 * A projection with one row per session: a run of events of one key that are at most a gap apart.
 * @example
 * class Visits extends SessionProjection {
 *   readonly name = 'visits';
 *   readonly version = 1;
 *   define() {
 *     return this.from(PageViewed)
 *       .key('visitorId')
 *       .session({ gap: '30 minutes' })
 *       .measure({ pages: count(), entryPage: first('page') });
 *   }
 * }
 */
export abstract class SessionProjection extends Projection {
  abstract override define(): SessionDefinition<unknown>;

  /**
   * Sets the events to fold, of one or several kinds and topics. All of them move the watermark,
   * even those that `where` excludes.
   * @example
   * this.from(PageViewed, OrderPlaced)
   *   .key('visitorId')
   *   .session({ gap: '30 minutes' })
   *   .measure({ pages: count({ of: PageViewed }), orders: count({ of: OrderPlaced }) })
   */
  protected from<Events extends readonly [unknown, ...unknown[]]>(
    ...events: EventsOf<Events>
  ): SessionKeyStep<Events[number]> {
    return keyStep(sourcesFrom(events), sessionStep);
  }
}

/** After `from`: the key of the sessions. */
export interface SessionKeyStep<Event> {
  /**
   * Sets an event time other than the events' own time field.
   * @example
   * this.from(FraudSuspected)
   *   .time('firstFailureAt')
   *   .key('userId')
   *   .session({ gap: '1 day' })
   *   .measure({ attacks: count() })
   */
  time(time: TimeField<Event> | TimeChoice): SessionKeyStep<Event>;
  /**
   * Sets what happens to tombstones (records without a value). Default `'ignore'`.
   * @example
   * this.from(PageViewed)
   *   .onTombstone('refuse')
   *   .key('visitorId')
   *   .session({ gap: '30 minutes' })
   *   .measure({ pages: count() })
   */
  onTombstone(answer: TombstoneChoice): SessionKeyStep<Event>;
  /**
   * Sets the fields that separate sessions. They must contain the events' record key.
   * @example
   * this.from(UserActed).key('userId', 'action').session({ gap: '30 minutes' }).measure({
   *   events: count(),
   * })
   */
  key<const Names extends readonly [FieldsOf<Event>['key'], ...FieldsOf<Event>['key'][]]>(
    ...fields: Names
  ): SessionStep<Event, Names[number]>;
}

/** How sessions are split. */
export interface SessionOptions<Event> extends DisorderOptions {
  /**
   * Events at most this far apart belong to one session. Or a pure function that returns how long
   * an event keeps its session open.
   */
  readonly gap: Duration | ((event: Event) => Duration);
  /**
   * A session is split at the first event that is further than this from its first event. Default:
   * never.
   */
  readonly maxLength?: Duration;
  /**
   * What happens to an event that belongs to a closed session. `revise` (default): the session is
   * corrected. `reject`: the event goes to `late_events`.
   */
  readonly late?: 'revise' | 'reject';
}

/** After `key`: a filter of the events, and the gap. */
export interface SessionStep<Event, Keys extends keyof Event & string> {
  /**
   * Keeps only the events that meet all conditions. Several calls: all must hold.
   * @example
   * this.from(PageViewed)
   *   .key('visitorId')
   *   .where({ page: { not: '/health' } })
   *   .session({ gap: '30 minutes' })
   *   .measure({ pages: count() })
   */
  where(filter: DataFilter<Event> | ((event: Event) => boolean)): SessionStep<Event, Keys>;
  /**
   * Sets the gap that ends a session, and the lateness.
   * @example
   * this.from(UserActed)
   *   .key('userId')
   *   .session({
   *     gap: ({ action }) => (action === 'PURCHASE' ? '1 hour' : '10 minutes'),
   *     lateness: '10 seconds',
   *   })
   *   .measure({ events: count() })
   */
  session(options: SessionOptions<Event>): SessionMeasureStep<Event, Keys>;
}

/** After `session`: the measures. */
export interface SessionMeasureStep<Event, Keys extends keyof Event & string> {
  /**
   * Declares the measure columns, by name.
   * @example
   * this.from(PageViewed).key('visitorId').session({ gap: '30 minutes' }).measure({
   *   pages: count(),
   *   entryPage: first('page'),
   *   exitPage: last('page'),
   * })
   */
  measure<const Measures extends Readonly<Record<string, Measure<Event>>>>(
    measures: Measures & CheckedMeasures<Measures, SnakeCase<Keys> | SessionColumn>,
  ): SessionDefinition<SessionRow<Event, Keys, Measures>>;
}

/** The columns that every session read model has. */
type SessionColumn =
  | 'session_id'
  | 'started_at'
  | 'ended_at'
  | 'duration_ms'
  | 'closed'
  | 'revised_at_offset';

/** Row of a session read model: key columns, the session, measures. */
export type SessionRow<Event, Keys extends keyof Event & string, Measures> = {
  [Name in Keys as SnakeCase<Name>]: NonNullable<Event[Name]>;
} & {
  session_id: string;
  started_at: Date;
  ended_at: Date;
  /** Milliseconds from the first to the last event. */
  duration_ms: bigint;
  closed: boolean;
} & {
  [Name in keyof Measures & string as SnakeCase<Name>]: MeasureValue<Event, Measures[Name]>;
} & {
  [Name in Approximate<Measures> & string as `${SnakeCase<Name>}_exact`]: boolean;
} & {
  /** Offset of the last event that arrived after the session was closed; null: there was none. */
  revised_at_offset: bigint | null;
};

/** A complete declaration, ready to be compiled. */
export interface SessionDefinition<Row> extends Definition<Row> {
  readonly kind: 'session';
  /** @internal */
  readonly declared: SessionDeclaration;
  /**
   * Publishes one event when a session closes: through the outbox, with a deterministic id. The
   * relay may repeat it; projections that read it drop repeats. `make` is pure; null: no event for
   * this session. `onRevise`: also when a late event changes a closed session.
   * @example
   * this.from(LoginAttempted).key('userId').session({ gap: '1 minute' }).measure({
   *   failures: count({ where: { result: 'FAILURE' } }),
   * })
   *   .onClose(FraudSuspected, ({ user_id, started_at, ended_at, failures }) =>
   *     failures < 3n ? null : { userId: user_id, firstFailureAt: started_at, at: ended_at },
   *   )
   */
  onClose<Out>(
    event: EventDefinition<Out>,
    make: (row: Flat<Row>) => NoInfer<Out> | null,
    options?: { readonly onRevise?: boolean },
  ): SessionDefinition<Row>;
  /**
   * Adds an index on these columns of the read model. In a rebuild it is built last.
   * @example
   * this.from(PageViewed)
   *   .key('visitorId')
   *   .session({ gap: '30 minutes' })
   *   .measure({ pages: count() })
   *   .index('started_at')
   */
  index(...columns: readonly (keyof Row & string)[]): SessionDefinition<Row>;
}

/** What the builder collected. Only the compiler reads it. */
export interface SessionDeclaration {
  readonly sources: DeclaredSources;
  readonly options: SessionOptions<never>;
  readonly measures: Readonly<Record<string, DeclaredMeasure>>;
  readonly emissions: readonly EmissionPlan[];
  readonly indexes: readonly (readonly string[])[];
}

function sessionStep<Event, Keys extends keyof Event & string>(
  sources: DeclaredSources,
): SessionStep<Event, Keys> {
  return {
    where: (filter) => sessionStep(filtered(sources, filter)),
    session: (options) => ({
      measure: (measures) =>
        finished({
          sources,
          options: options as SessionOptions<never>,
          measures: measures as unknown as SessionDeclaration['measures'],
          emissions: [],
          indexes: [],
        }),
    }),
  };
}

function finished<Row>(declared: SessionDeclaration): SessionDefinition<Row> {
  return { kind: 'session', declared, ...closingSteps(declared, finished<Row>) };
}

/** Named by public signatures. */
export type { SessionColumn };
