import type { EventDefinition } from '../../event/event-definition.ts';
import type { Duration } from '../check/duration.ts';
import type { DataFilter } from '../plan/filter-plan.ts';
import type { Definition } from '../plan/projection.ts';
import { Projection } from '../plan/projection.ts';
import type { Columns, RowOfColumns, SqlRowOfColumns } from './columns.ts';
import type {
  DeclaredSources,
  EventsOf,
  FieldsOf,
  NoKeyField,
  TimeChoice,
  TimeField,
} from './declared-sources.ts';
import type { TableDeclaration } from './table-declaration.ts';
import { tableStep } from './table-declaration.ts';

/**
 * Tables of current state: rows by key, made by pure reducers in log order.
 * @example
 * class Accounts extends TableProjection {
 *   readonly name = 'accounts';
 *   readonly version = 1;
 *   define() {
 *     return this.table(columns({ accountId: text().primaryKey(), balance: decimal(18, 2) }))
 *       .key('accountId')
 *       .on(AccountOpened, (_row, { accountId, deposit }) => ({ accountId, balance: deposit }))
 *       .on(AccountClosed, () => null);
 *   }
 * }
 */
export abstract class TableProjection extends Projection {
  abstract override define(): AnyTableDefinition;

  /**
   * The read model's columns. One of them at least is part of the primary key. The events are those
   * that handlers are given for.
   */
  protected table<const C extends Columns>(columns: C, options: TableOptions = {}): MainStep<C> {
    return tableStep({ columns, options, sources: null });
  }

  /**
   * The events to fold, where something is to be said of all of them: `where`, or another event
   * time. Then `table`.
   */
  protected from<Events extends readonly [unknown, ...unknown[]]>(
    ...events: EventsOf<Events>
  ): TableSourceStep<Events[number]> {
    return sourceStep({ events: events as never, keyFields: [], where: [], time: null });
  }
}

/** After `from`: which events count, and the tables. */
export interface TableSourceStep<Event> {
  /** Another event time than the events' own time field. */
  time(time: TimeField<Event> | TimeChoice): TableSourceStep<Event>;
  /**
   * Keeps only the events that meet all conditions. A function must be pure. May be called again:
   * all must hold.
   */
  where(filter: DataFilter<Event> | ((event: Event) => boolean)): TableSourceStep<Event>;
  /** The read model's columns. */
  table<const C extends Columns>(columns: C, options?: TableOptions): MainStep<C>;
}

/** What holds for all tables of the projection. */
export interface TableOptions {
  /** An event further ahead of its record timestamp is a dead letter (FUTURE). Default 1 hour. */
  readonly maxDrift?: Duration;
  /**
   * Every topic has one partition, and keeps it. Then rows may be found by keys that do not contain
   * the record key: all events come to one task anyway. Default false: such keys are refused, since
   * events of one row would lie in several partitions. A task of another partition halts
   * (PARTITIONS_CHANGED).
   */
  readonly onePartition?: boolean;
}

/** Tables of the definition by name, for lookups. */
type Tables = Readonly<Record<string, Columns>>;
type None = Record<never, never>;
/** Before the first handler. */
type MainStep<C extends Columns> = TableStep<C, C, None, None>;

/** What handlers of the present table may look into: a row, or undefined. */
type Looked<Lookups extends Tables> = {
  readonly [Name in keyof Lookups]: RowOfColumns<Lookups[Name]> | undefined;
};

/**
 * One field, or several: in the order of the primary key or, where they have its columns' names, in
 * any.
 */
type KeyFields<Event> =
  | FieldsOf<Event>['key']
  | readonly [FieldsOf<Event>['key'], ...FieldsOf<Event>['key'][]];

/** Where the rows of one event are: by its fields, or by a function that fans out. */
export type RowsOf<Event> =
  | { readonly key: KeyFields<Event> }
  | { readonly keys: (event: Event) => readonly unknown[] };

/**
 * Adds handlers. `Main`: columns of the read model; `Current`: of the table that handlers are being
 * added to; `Known`: the other tables; `Lookups`: those that the next handlers look into. Where one
 * event has several handlers they run in the order declared, each seeing what those before it did.
 */
export interface TableStep<
  Main extends Columns,
  Current extends Columns,
  Known extends Tables,
  Lookups extends Tables,
> extends Definition<SqlRowOfColumns<Main>> {
  readonly kind: 'table';
  /** @internal */
  readonly declared: TableDeclaration;
  /**
   * The row of the next handlers: these fields of the event are the primary key, in the order of
   * its columns or, where they have its columns' names, in any. Must contain the event's record
   * key.
   */
  key<const Fields extends readonly [string, ...string[]]>(
    ...fields: Fields
  ): KeyedStep<Main, Current, Known, Lookups, Fields[number]>;
  /**
   * The rows of the next handlers: a pure function from the event to primary keys (a value, or a
   * list of values in the order of the key's columns). Each must contain the event's record key; a
   * key that comes twice is one row.
   */
  keys<Event>(
    keysOf: (event: Event) => readonly unknown[],
  ): FannedStep<Main, Current, Known, Lookups, Event>;
  /**
   * A handler of one event whose rows are found in its own way: `{ key: 'ownerId' }` or
   * `{ keys: (event) => [...] }`.
   */
  on<Event, Out extends Result<Current>>(
    event: EventDefinition<Event>,
    rows: RowsOf<Event>,
    reduce: Reduce<Current, Event, Lookups, Out & OnlyColumns<Out, Current>>,
  ): TableStep<Main, Current, Known, Lookups>;
  /**
   * Another table of the same projection, with handlers of its own; its stable view is
   * `<projection>_<name>`.
   */
  table<const Name extends string, const C extends Columns>(
    name: Name,
    columns: C,
  ): TableStep<Main, C, Known & { readonly [N in Name]: C }, None>;
  /** Back to the read model's own table: the next handlers are its. */
  main(): TableStep<Main, Main, Known, None>;
  /**
   * Lets the next handlers of this table look into another table of the projection, at the row
   * whose primary key these fields of the event are: as it is when the handler runs. Must contain
   * the event's record key, for only then is that row in the same task.
   */
  lookup<const Name extends keyof Known & string>(
    table: Name,
    ...fields: readonly [string, ...string[]]
  ): TableStep<Main, Current, Known, Lookups & Pick<Known, Name>>;
  /** An extra index on these columns of the present table; built last in a rebuild. */
  index(
    ...columns: readonly (keyof SqlRowOfColumns<Current> & string)[]
  ): TableStep<Main, Current, Known, Lookups>;
  /** What a tombstone does to the present table; see `TombstoneAnswer`. Default `'refuse'`. */
  onTombstone(answer: TombstoneAnswer<Current>): TableStep<Main, Current, Known, Lookups>;
}

/** After `key`: handlers of events that have these fields. */
export interface KeyedStep<
  Main extends Columns,
  Current extends Columns,
  Known extends Tables,
  Lookups extends Tables,
  Fields extends string,
> extends TableStep<Main, Current, Known, Lookups> {
  /** What an event makes of its row; see `Reduce`. */
  on<Event, Out extends Result<Current>>(
    event: [Fields] extends [FieldsOf<Event>['key']]
      ? EventDefinition<Event>
      : NoKeyField<Exclude<Fields, FieldsOf<Event>['key']>, FieldsOf<Event>['key']>,
    reduce: Reduce<Current, Event, Lookups, Out & OnlyColumns<Out, Current>>,
  ): KeyedStep<Main, Current, Known, Lookups, Fields>;
  /** A handler of one event whose rows are found in its own way. */
  on<Event, Out extends Result<Current>>(
    event: EventDefinition<Event>,
    rows: RowsOf<Event>,
    reduce: Reduce<Current, Event, Lookups, Out & OnlyColumns<Out, Current>>,
  ): KeyedStep<Main, Current, Known, Lookups, Fields>;
  lookup<const Name extends keyof Known & string>(
    table: Name,
    ...fields: readonly [string, ...string[]]
  ): KeyedStep<Main, Current, Known, Lookups & Pick<Known, Name>, Fields>;
  index(
    ...columns: readonly (keyof SqlRowOfColumns<Current> & string)[]
  ): KeyedStep<Main, Current, Known, Lookups, Fields>;
  onTombstone(answer: TombstoneAnswer<Current>): KeyedStep<Main, Current, Known, Lookups, Fields>;
}

/** After `keys`: handlers of the events that the function takes. */
export interface FannedStep<
  Main extends Columns,
  Current extends Columns,
  Known extends Tables,
  Lookups extends Tables,
  KeyEvent,
> extends TableStep<Main, Current, Known, Lookups> {
  /** What an event makes of each of its rows; see `Reduce`. */
  on<Event extends KeyEvent, Out extends Result<Current>>(
    event: EventDefinition<Event>,
    reduce: Reduce<Current, Event, Lookups, Out & OnlyColumns<Out, Current>>,
  ): FannedStep<Main, Current, Known, Lookups, KeyEvent>;
  /** A handler of one event whose rows are found in its own way. */
  on<Event, Out extends Result<Current>>(
    event: EventDefinition<Event>,
    rows: RowsOf<Event>,
    reduce: Reduce<Current, Event, Lookups, Out & OnlyColumns<Out, Current>>,
  ): FannedStep<Main, Current, Known, Lookups, KeyEvent>;
  onTombstone(
    answer: TombstoneAnswer<Current>,
  ): FannedStep<Main, Current, Known, Lookups, KeyEvent>;
}

/**
 * What a tombstone (a record without a value) does to a table that has handlers for events of its
 * topic. `delete`: the row whose primary key is the record key goes. A function: it makes of that
 * row what a handler would. `ignore`: nothing. `refuse` (default): the record is a dead letter
 * (TOMBSTONE), or halts the task, as the error policy says. The first two need a primary key that
 * is the record key. Tombstones have no event time.
 */
export type TombstoneAnswer<C extends Columns> =
  | 'delete'
  | 'ignore'
  | 'refuse'
  | ((
      row: RowOfColumns<C> | undefined,
      context: { readonly key: readonly unknown[] },
    ) => RowOfColumns<C> | null | undefined);

/**
 * A reducer: pure, no I/O, no clock, no randomness. `row` is undefined where there is none yet.
 * Gives the new row, with the primary key it was asked for; null deletes the row; the same row (or
 * one with equal values), or undefined where there was none, changes nothing. The rows it is given
 * are frozen. `key`: the primary key of the row, in the order of its columns (what tells rows of a
 * fan-out apart). Where it throws, or gives what does not fit the columns, the whole record becomes
 * a dead letter (HANDLER_FAILED) and changes nothing.
 */
export type Reduce<
  C extends Columns,
  Event,
  Lookups extends Tables,
  Out extends Result<C> = Result<C>,
> = (
  row: RowOfColumns<C> | undefined,
  event: Event,
  context: Looked<Lookups> & { readonly key: readonly unknown[] },
) => Out;

/** What a reducer may give. */
type Result<C extends Columns> = RowOfColumns<C> | null | undefined;

/** Refuses fields that are no columns, which the compiler lets pass in what a function returns. */
type OnlyColumns<Out, C extends Columns> = Out extends object
  ? { readonly [Name in Exclude<keyof Out, keyof C>]?: never }
  : Out;

/** A finished declaration, to be compiled. */
export interface AnyTableDefinition extends Definition<unknown> {
  readonly kind: 'table';
  /** @internal */
  readonly declared: TableDeclaration;
}

function sourceStep<Event>(sources: DeclaredSources): TableSourceStep<Event> {
  return {
    time: (time) => sourceStep({ ...sources, time }),
    where: (filter) => sourceStep({ ...sources, where: [...sources.where, filter] }),
    table: (columns, options = {}) => tableStep({ columns, options, sources }),
  };
}

/** Named by public signatures. */
export type {
  KeyFields,
  Looked as LookedUp,
  MainStep,
  None as NoTables,
  OnlyColumns as OnlyColumns,
  Result as ReducedRow,
  Tables as TablesByName,
};
