import type { EventDefinition } from '../../event/event-definition.ts';
import type { DataFilter } from '../plan/filter-plan.ts';
import type { EmissionPlan } from '../plan/plan.ts';
import type { Definition, Flat } from '../plan/projection.ts';
import { Projection } from '../plan/projection.ts';
import type { SnakeCase } from '../plan/snake-case.ts';
import type { WindowPlan } from '../plan/window-plan.ts';
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
import type { ScoreMeasure } from './z-score.ts';

/**
 * A projection with one row of metrics per key and event-time window.
 * @example
 * class UserMetrics extends WindowedProjection {
 *   readonly name = 'user_metrics';
 *   readonly version = 1;
 *   define() {
 *     return this.from(UserActed)
 *       .key('userId')
 *       .window(tumbling('1 minute'), { lateness: '10 seconds' })
 *       .measure({ events: count(), average: avg('value') });
 *   }
 * }
 */
export abstract class WindowedProjection extends Projection {
  abstract override define(): WindowedDefinition<unknown>;

  /**
   * Sets the events to fold, of one or several kinds and topics. All of them move the watermark,
   * even those that `where` excludes.
   * @example
   * this.from(PageViewed, OrderPlaced)
   *   .key('visitorId')
   *   .window(tumbling('1 day'))
   *   .measure({ pages: count({ of: PageViewed }), revenue: sum('amount') })
   */
  protected from<Events extends readonly [unknown, ...unknown[]]>(
    ...events: EventsOf<Events>
  ): KeyStep<Events[number]> {
    return keyStep(sourcesFrom(events), windowStep);
  }
}

/** After `from`: the key of the rows. */
export interface KeyStep<Event> {
  /**
   * Sets an event time other than the events' own time field.
   * @example
   * this.from(FraudSuspected)
   *   .time('firstFailureAt')
   *   .key('userId')
   *   .window(tumbling('1 day'))
   *   .measure({ attacks: count() })
   */
  time(time: TimeField<Event> | TimeChoice): KeyStep<Event>;
  /**
   * Sets what happens to tombstones (records without a value). Default `'ignore'`.
   * @example
   * this.from(UserActed)
   *   .onTombstone('refuse')
   *   .key('userId')
   *   .window(tumbling('1 minute'))
   *   .measure({ events: count() })
   */
  onTombstone(answer: TombstoneChoice): KeyStep<Event>;
  /**
   * Sets the key: one row per distinct combination of these fields, and window. A key without the
   * record key is merged over partitions when read; it is refused with `onClose`, z-scores and
   * user-defined aggregates.
   * @example
   * this.from(UserActed).key('userId', 'action').window(tumbling('1 minute')).measure({
   *   events: count(),
   * })
   */
  key<const Names extends readonly [FieldsOf<Event>['key'], ...FieldsOf<Event>['key'][]]>(
    ...fields: Names
  ): WindowStep<Event, Names[number]>;
}

/** After `key`: a filter of the events, and the windows. */
export interface WindowStep<Event, Keys extends keyof Event & string> {
  /**
   * Keeps only the events that meet all conditions. A function must be pure; it gets whole events,
   * so every field is decoded. Several calls: all must hold.
   * @example
   * this.from(UserActed)
   *   .key('userId')
   *   .where({ action: ['CLICK', 'PURCHASE'], value: { gt: 0 } })
   *   .where((event) => !event.userId.startsWith('test-'))
   *   .window(tumbling('1 minute'))
   *   .measure({ events: count() })
   */
  where(filter: DataFilter<Event> | ((event: Event) => boolean)): WindowStep<Event, Keys>;
  /**
   * Sets the windows and the lateness.
   * @example
   * this.from(UserActed)
   *   .key('userId')
   *   .window(tumbling('1 hour'), { lateness: '10 seconds', late: 'reject', emit: 'onClose' })
   *   .measure({ events: count() })
   */
  window(window: WindowPlan, options?: WindowOptions): MeasureStep<Event, Keys>;
}

/** How windows handle disorder. */
export interface WindowOptions extends DisorderOptions {
  /**
   * What happens to an event whose window is closed. `revise` (default): the stored row is
   * corrected and its `revised_at_offset` set. `reject`: the event goes to the table `late_events`.
   */
  readonly late?: 'revise' | 'reject';
  /**
   * `update` (default): rows are visible as events arrive. `onClose`: rows are visible once their
   * window is closed.
   */
  readonly emit?: 'update' | 'onClose';
}

/** After `window`: the measures. */
export interface MeasureStep<Event, Keys extends keyof Event & string> {
  /**
   * Declares the measure columns, by name.
   * @example
   * this.from(UserActed).key('userId').window(tumbling('1 minute')).measure({
   *   events: count(),
   *   average: avg('value'),
   *   topActions: topK('action', 2),
   * })
   */
  measure<const Measures extends Readonly<Record<string, Measure<Event> | ScoreMeasure>>>(
    measures: Measures & CheckedMeasures<Measures, SnakeCase<Keys> | WindowColumn>,
  ): WindowedDefinition<WindowedRow<Event, Keys, Measures>>;
}

/** The columns that every windowed read model has. */
type WindowColumn = 'window_start' | 'window_end' | 'revised_at_offset';

/** Row of a windowed read model: key columns, window bounds, measures. */
export type WindowedRow<Event, Keys extends keyof Event & string, Measures> = {
  [Name in Keys as SnakeCase<Name>]: NonNullable<Event[Name]>;
} & { window_start: Date; window_end: Date } & {
  [Name in keyof Measures & string as SnakeCase<Name>]: Measures[Name] extends ScoreMeasure
    ? number | null
    : MeasureValue<Event, Measures[Name]>;
} & {
  [Name in Approximate<Measures> & string as `${SnakeCase<Name>}_exact`]: boolean;
} & {
  /** Offset of the last event that arrived after its window was closed; null: there was none. */
  revised_at_offset: bigint | null;
};

/** A complete declaration, ready to be compiled. */
export interface WindowedDefinition<Row> extends Definition<Row> {
  readonly kind: 'windowed';
  /** @internal */
  readonly declared: WindowedDeclaration;
  /**
   * Publishes one event when a window closes: through the outbox, with a deterministic id. The
   * relay may repeat it; projections that read it drop repeats. `make` is pure and gets the row;
   * null: no event for this window. `onRevise`: also when a late event changes a closed window.
   * @example
   * this.from(UserActed).key('userId').window(tumbling('1 minute')).measure({ events: count() })
   *   .onClose(MetricsWindowClosed, ({ user_id, window_start, events }) =>
   *     events < 10n
   *       ? null
   *       : { userId: user_id, windowStart: window_start, events, average: 0 },
   *   )
   */
  onClose<Out>(
    event: EventDefinition<Out>,
    make: (row: Flat<Row>) => NoInfer<Out> | null,
    options?: { readonly onRevise?: boolean },
  ): WindowedDefinition<Row>;
  /**
   * Adds an index on these columns of the read model. In a rebuild it is built last.
   * @example
   * this.from(UserActed).key('userId').window(tumbling('1 minute')).measure({ events: count() })
   *   .index('window_start', 'events')
   */
  index(...columns: readonly (keyof Row & string)[]): WindowedDefinition<Row>;
}

/** What the builder collected. Only `compileProjection` reads it. */
export interface WindowedDeclaration {
  readonly sources: DeclaredSources;
  readonly window: WindowPlan;
  readonly options: WindowOptions;
  readonly measures: Readonly<Record<string, DeclaredMeasure>>;
  readonly emissions: readonly EmissionPlan[];
  readonly indexes: readonly (readonly string[])[];
}

function windowStep<Event, Keys extends keyof Event & string>(
  sources: DeclaredSources,
): WindowStep<Event, Keys> {
  return {
    where: (filter) => windowStep(filtered(sources, filter)),
    window: (window, options = {}) => ({
      measure: (measures) =>
        finished({
          sources,
          window,
          options,
          measures: measures as unknown as WindowedDeclaration['measures'],
          emissions: [],
          indexes: [],
        }),
    }),
  };
}

function finished<Row>(declared: WindowedDeclaration): WindowedDefinition<Row> {
  return { kind: 'windowed', declared, ...closingSteps(declared, finished<Row>) };
}

/** Named by public signatures. */
export type { WindowColumn };
