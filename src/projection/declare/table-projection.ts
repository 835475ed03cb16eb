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
import { filtered, sourcesFrom } from './key-step.ts';
import type { TableDeclaration } from './table-declaration.ts';
import { tableStep } from './table-declaration.ts';

/**
 * A projection of current state: rows by key, computed by pure reducers in log order.
 * @example
 * class Customers extends TableProjection {
 *   readonly name = 'customers';
 *   readonly version = 1;
 *   define() {
 *     return this.table(columns({ customerId: text().primaryKey(), name: text() }))
 *       .key('customerId')
 *       .on(CustomerRegistered, (_row, { customerId, name }) => ({ customerId, name }));
 *   }
 * }
 */
export abstract class TableProjection extends Projection {
  abstract override define(): AnyTableDefinition;

  /**
   * Declares the read model's columns. At least one is part of the primary key. The events are
   * those that have handlers.
   * @example
   * this.table(columns({ customerId: text().primaryKey(), name: text() }))
   *   .key('customerId')
   *   .on(CustomerRegistered, (_row, { customerId, name }) => ({ customerId, name }))
   */
  protected table<const C extends Columns>(columns: C, options: TableOptions = {}): MainStep<C> {
    return tableStep({ columns, options, sources: null });
  }

  /**
   * Sets the events to fold, to apply `where` or another event time to all of them. Continue with
   * `table`.
   * @example
   * this.from(CustomerRegistered)
   *   .where({ name: { not: '' } })
   *   .table(columns({ customerId: text().primaryKey(), name: text() }))
   *   .key('customerId')
   *   .on(CustomerRegistered, (_row, { customerId, name }) => ({ customerId, name }))
   */
  protected from<Events extends readonly [unknown, ...unknown[]]>(
    ...events: EventsOf<Events>
  ): TableSourceStep<Events[number]> {
    return sourceStep(sourcesFrom(events));
  }
}

/** After `from`: a filter of the events, and the tables. */
export interface TableSourceStep<Event> {
  /**
   * Sets an event time other than the events' own time field.
   * @example
   * this.from(CustomerRegistered)
   *   .time(ingestionTime())
   *   .table(columns({ customerId: text().primaryKey(), name: text() }))
   *   .key('customerId')
   *   .on(CustomerRegistered, (_row, { customerId, name }) => ({ customerId, name }))
   */
  time(time: TimeField<Event> | TimeChoice): TableSourceStep<Event>;
  /**
   * Keeps only the events that meet all conditions. A function must be pure. Several calls: all
   * must hold.
   * @example
   * this.from(CustomerRegistered)
   *   .where((event) => event.name !== '')
   *   .table(columns({ customerId: text().primaryKey(), name: text() }))
   *   .key('customerId')
   *   .on(CustomerRegistered, (_row, { customerId, name }) => ({ customerId, name }))
   */
  where(filter: DataFilter<Event> | ((event: Event) => boolean)): TableSourceStep<Event>;
  /**
   * Declares the read model's columns.
   * @example
   * this.from(CustomerRegistered)
   *   .table(columns({ customerId: text().primaryKey(), name: text() }), { maxDrift: '1 minute' })
   *   .key('customerId')
   *   .on(CustomerRegistered, (_row, { customerId, name }) => ({ customerId, name }))
   */
  table<const C extends Columns>(columns: C, options?: TableOptions): MainStep<C>;
}

/** Options of all tables of the projection. */
export interface TableOptions {
  /**
   * An event that is further ahead of its record timestamp becomes a dead letter (FUTURE). Default
   * 1 hour.
   */
  readonly maxDrift?: Duration;
  /**
   * True: every topic has one partition, permanently. Then rows may be found by keys that do not
   * contain the record key, because one task gets all events. Default false: such keys are refused,
   * because the events of one row would be in several partitions. A task of another partition halts
   * (PARTITIONS_CHANGED).
   */
  readonly onePartition?: boolean;
}

/** Tables of the definition by name, for lookups. */
type Tables = Readonly<Record<string, Columns>>;
type None = Record<never, never>;
/** Before the first handler. */
type MainStep<C extends Columns> = TableStep<C, C, None, None>;

/** The looked-up rows that handlers of the current table get: a row, or undefined. */
type Looked<Lookups extends Tables> = {
  readonly [Name in keyof Lookups]: RowOfColumns<Lookups[Name]> | undefined;
};

/**
 * One field or several, in the order of the primary key; in any order if they have its columns'
 * names.
 */
type KeyFields<Event> =
  | FieldsOf<Event>['key']
  | readonly [FieldsOf<Event>['key'], ...FieldsOf<Event>['key'][]];

/**
 * How the rows of one event are found: by its fields, or by a function that returns several keys.
 */
export type RowsOf<Event> =
  | { readonly key: KeyFields<Event> }
  | { readonly keys: (event: Event) => readonly unknown[] };

/**
 * Adds handlers. `Main`: columns of the read model; `Current`: of the table that handlers are being
 * added to; `Known`: the other tables; `Lookups`: the tables that the next handlers read. Several
 * handlers of one event run in the order declared; each sees the changes of the previous ones.
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
   * Sets the row of the next handlers: these fields of the event are the primary key, in the order
   * of its columns; in any order if they have its columns' names. They must contain the event's
   * record key.
   * @example
   * this.table(columns({ customerId: text().primaryKey(), accountId: text().primaryKey() }))
   *   .key('customerId', 'accountId')
   *   .on(AccountOpened, (_row, { customerId, accountId }) => ({ customerId, accountId }))
   *   .on(AccountClosed, () => null)
   */
  key<const Fields extends readonly [string, ...string[]]>(
    ...fields: Fields
  ): KeyedStep<Main, Current, Known, Lookups, Fields[number]>;
  /**
   * Sets the rows of the next handlers: a pure function from the event to primary keys (a value, or
   * a list of values in the order of the key's columns). Each must contain the event's record key.
   * Duplicate keys are one row.
   * @example
   * this.table(columns({ customerId: text().primaryKey(), accountId: text().primaryKey() }))
   *   .keys((event: MoneyMoved) => [
   *     [event.customerId, event.fromAccountId],
   *     [event.customerId, event.toAccountId],
   *   ])
   *   .on(MoneyMoved, (_row, { customerId }, { key: [, accountId] }) => ({
   *     customerId,
   *     accountId: String(accountId),
   *   }))
   */
  keys<Event>(
    keysOf: (event: Event) => readonly unknown[],
  ): FannedStep<Main, Current, Known, Lookups, Event>;
  /**
   * Adds a handler with its own way to find rows: `{ key: 'ownerId' }` or `{ keys: (event) => [...]
   * }`.
   * @example
   * this.table(columns({ customerId: text().primaryKey() }))
   *   .on(AccountOpened, { key: 'customerId' }, (row, { customerId }) => row ?? { customerId })
   */
  on<Event, Out extends Result<Current>>(
    event: EventDefinition<Event>,
    rows: RowsOf<Event>,
    reduce: Reduce<Current, Event, Lookups, Out & OnlyColumns<Out, Current>>,
  ): TableStep<Main, Current, Known, Lookups>;
  /**
   * Declares another table of the same projection, with its own handlers. Its stable view is
   * `<projection>_<name>`.
   * @example
   * this.table(columns({ customerId: text().primaryKey(), accountId: text().primaryKey() }))
   *   .key('customerId', 'accountId')
   *   .on(AccountOpened, (_row, { customerId, accountId }) => ({ customerId, accountId }))
   *   .table('customers', columns({ customerId: text().primaryKey(), name: text() }))
   *   .key('customerId')
   *   .on(CustomerRegistered, (_row, { customerId, name }) => ({ customerId, name }))
   */
  table<const Name extends string, const C extends Columns>(
    name: Name,
    columns: C,
  ): TableStep<Main, C, Known & { readonly [N in Name]: C }, None>;
  /**
   * Returns to the read model's own table: the next handlers belong to it.
   * @example
   * this.table(columns({ customerId: text().primaryKey(), accountId: text().primaryKey() }))
   *   .table('customers', columns({ customerId: text().primaryKey(), name: text() }))
   *   .key('customerId')
   *   .on(CustomerRegistered, (_row, { customerId, name }) => ({ customerId, name }))
   *   .main()
   *   .key('customerId', 'accountId')
   *   .on(AccountOpened, (_row, { customerId, accountId }) => ({ customerId, accountId }))
   */
  main(): TableStep<Main, Main, Known, None>;
  /**
   * Lets the next handlers of this table read a row of another table of the projection: the row
   * whose primary key is these fields of the event, in its state when the handler runs. The fields
   * must contain the event's record key; otherwise that row may belong to another task.
   * @example
   * this.table(columns({ customerId: text().primaryKey(), owner: text() }))
   *   .table('names', columns({ customerId: text().primaryKey(), name: text() }))
   *   .key('customerId')
   *   .on(CustomerRegistered, (_row, { customerId, name }) => ({ customerId, name }))
   *   .main()
   *   .lookup('names', 'customerId')
   *   .on(AccountOpened, { key: 'customerId' }, (row, { customerId }, { names }) =>
   *     names === undefined ? row : { customerId, owner: names.name },
   *   )
   */
  lookup<const Name extends keyof Known & string>(
    table: Name,
    ...fields: readonly [string, ...string[]]
  ): TableStep<Main, Current, Known, Lookups & Pick<Known, Name>>;
  /**
   * Adds an index on these columns of the current table. In a rebuild it is built last.
   * @example
   * this.table(columns({ customerId: text().primaryKey(), name: text() }))
   *   .index('name')
   *   .key('customerId')
   *   .on(CustomerRegistered, (_row, { customerId, name }) => ({ customerId, name }))
   */
  index(
    ...columns: readonly (keyof SqlRowOfColumns<Current> & string)[]
  ): TableStep<Main, Current, Known, Lookups>;
  /**
   * Sets what a tombstone does to the current table; see `TombstoneAnswer`. Default `'refuse'`.
   * @example
   * this.table(columns({ customerId: text().primaryKey(), name: text() }))
   *   .onTombstone('delete')
   *   .key('customerId')
   *   .on(CustomerRegistered, (_row, { customerId, name }) => ({ customerId, name }))
   */
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
  /**
   * Adds the reducer of an event; see `Reduce`.
   * @example
   * this.table(columns({ customerId: text().primaryKey(), n: int() }))
   *   .key('customerId')
   *   .on(AccountOpened, (row, { customerId }) => ({ customerId, n: (row?.n ?? 0) + 1 }))
   *   .on(AccountClosed, (row) => row && { ...row, n: row.n - 1 })
   */
  on<Event, Out extends Result<Current>>(
    event: [Fields] extends [FieldsOf<Event>['key']]
      ? EventDefinition<Event>
      : NoKeyField<Exclude<Fields, FieldsOf<Event>['key']>, FieldsOf<Event>['key']>,
    reduce: Reduce<Current, Event, Lookups, Out & OnlyColumns<Out, Current>>,
  ): KeyedStep<Main, Current, Known, Lookups, Fields>;
  /** Adds a handler with its own way to find rows. */
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

/** After `keys`: handlers of the events that the key function takes. */
export interface FannedStep<
  Main extends Columns,
  Current extends Columns,
  Known extends Tables,
  Lookups extends Tables,
  KeyEvent,
> extends TableStep<Main, Current, Known, Lookups> {
  /**
   * Adds the reducer of an event, which is called for each of its rows; see `Reduce`.
   * @example
   * this.table(columns({ customerId: text().primaryKey(), accountId: text().primaryKey() }))
   *   .keys((event: AccountOpened) => [[event.customerId, event.accountId]])
   *   .on(AccountOpened, (_row, { customerId, accountId }) => ({ customerId, accountId }))
   */
  on<Event extends KeyEvent, Out extends Result<Current>>(
    event: EventDefinition<Event>,
    reduce: Reduce<Current, Event, Lookups, Out & OnlyColumns<Out, Current>>,
  ): FannedStep<Main, Current, Known, Lookups, KeyEvent>;
  /** Adds a handler with its own way to find rows. */
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
 * What a tombstone (a record without a value) does to a table with handlers for events of its
 * topic. `delete`: deletes the row whose primary key is the record key. A function: is called with
 * that row as a reducer would be. `ignore`: nothing. `refuse` (default): the record becomes a dead
 * letter (TOMBSTONE) or halts the task, depending on the error policy. The first two require that
 * the primary key is the record key. Tombstones have no event time.
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
 * A reducer: pure, no I/O, no clock, no randomness. `row` is undefined if there is no row yet.
 * Returns the new row, with the same primary key. Null deletes the row. The same row, one with
 * equal values, or undefined if there was none, changes nothing. The rows it receives are frozen.
 * `key`: the primary key of the row, in the order of its columns (it tells the rows of a fan-out
 * apart). If the reducer throws, or returns a value that does not fit the columns, the whole record
 * becomes a dead letter (HANDLER_FAILED) and changes nothing.
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

/** The result of a reducer. */
type Result<C extends Columns> = RowOfColumns<C> | null | undefined;

/** Refuses fields that are not columns, which the compiler accepts in a returned object. */
type OnlyColumns<Out, C extends Columns> = Out extends object
  ? { readonly [Name in Exclude<keyof Out, keyof C>]?: never }
  : Out;

/** A complete declaration, ready to be compiled. */
export interface AnyTableDefinition extends Definition<unknown> {
  readonly kind: 'table';
  /** @internal */
  readonly declared: TableDeclaration;
}

function sourceStep<Event>(sources: DeclaredSources): TableSourceStep<Event> {
  return {
    time: (time) => sourceStep({ ...sources, time }),
    where: (filter) => sourceStep(filtered(sources, filter)),
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
