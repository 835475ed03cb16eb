import type { EventDefinition } from '../event/event-definition.ts';
import type { Columns, RowOfColumns, SqlRowOfColumns } from './columns.ts';
import type { KeyField } from './declared-sources.ts';
import type { Definition } from './projection.ts';
import { Projection } from './projection.ts';

/**
 * Tables of current state: rows by key, made by pure reducers in log order.
 * @example
 * class Accounts extends TableProjection {
 *   readonly name = 'accounts';
 *   readonly version = 1;
 *   define() {
 *     return this.table(columns({ accountId: text().primaryKey(), balance: decimal(18, 2) }))
 *       .key('accountId')
 *       .on(AccountOpened, (_row, event) => ({ accountId: event.accountId, balance: event.deposit }))
 *       .on(AccountClosed, () => null);
 *   }
 * }
 */
export abstract class TableProjection extends Projection {
  abstract override define(): AnyTableDefinition;

  /** The read model's columns. One of them at least is part of the primary key. */
  protected table<const C extends Columns>(
    columns: C,
  ): TableStep<C, C, Record<never, never>, Record<never, never>> {
    return tableStep({ tables: [{ name: null, columns }], handlers: [], indexes: [] }, NO_KEY);
  }
}

/** Tables of the definition by name, for lookups. */
type Tables = Readonly<Record<string, Columns>>;

/** What handlers of the present table may look into: a row, or undefined. */
type Looked<Lookups extends Tables> = {
  readonly [Name in keyof Lookups]: RowOfColumns<Lookups[Name]> | undefined;
};

/**
 * Adds handlers. `Main`: columns of the read model; `Current`: of the table that handlers are being added to; `Known`: the other tables; `Lookups`: those that
 * the next handlers look into.
 */
export interface TableStep<
  Main extends Columns,
  Current extends Columns,
  Known extends Tables,
  Lookups extends Tables,
> extends Definition<SqlRowOfColumns<Main>> {
  readonly kind: 'table';
  readonly declared: TableDeclaration;
  /** The row of the next handlers: these fields of the event are the primary key, in the order of its columns. Must contain the event's record key. */
  key<const Fields extends readonly [string, ...string[]]>(
    ...fields: Fields
  ): KeyedStep<Main, Current, Known, Lookups, Fields[number]>;
  /** The rows of the next handlers: a pure function from the event to primary keys (a value, or a list of values in the order of the key's columns). */
  keys<Event>(
    keysOf: (event: Event) => readonly unknown[],
  ): FannedStep<Main, Current, Known, Lookups, Event>;
  /** Another table of the same projection, with handlers of its own; its stable view is `<projection>_<name>`. */
  table<const Name extends string, const C extends Columns>(
    name: Name,
    columns: C,
  ): TableStep<Main, C, Known & { readonly [N in Name]: C }, Record<never, never>>;
  /** Back to the read model's own table: the next handlers are its. */
  main(): TableStep<Main, Main, Known, Record<never, never>>;
  /** Lets the next handlers look into another table of the projection, at the row whose primary key these fields of the event are. */
  lookup<const Name extends keyof Known & string>(
    table: Name,
    ...fields: readonly [string, ...string[]]
  ): TableStep<Main, Current, Known, Lookups & Pick<Known, Name>>;
  /** An extra index on these columns of the read model; built last in a rebuild. */
  index(
    ...columns: readonly (keyof SqlRowOfColumns<Main> & string)[]
  ): TableStep<Main, Current, Known, Lookups>;
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
  on<Event extends { readonly [Name in Fields]: unknown }>(
    event: [Fields] extends [KeyField<Event>] ? EventDefinition<Event> : never,
    reduce: Reduce<Current, Event, Lookups>,
  ): KeyedStep<Main, Current, Known, Lookups, Fields>;
  lookup<const Name extends keyof Known & string>(
    table: Name,
    ...fields: readonly [string, ...string[]]
  ): KeyedStep<Main, Current, Known, Lookups & Pick<Known, Name>, Fields>;
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
  on<Event extends KeyEvent>(
    event: EventDefinition<Event>,
    reduce: Reduce<Current, Event, Lookups>,
  ): FannedStep<Main, Current, Known, Lookups, KeyEvent>;
}

/**
 * A reducer: pure, no I/O, no clock, no randomness. `row` is undefined where there is none yet; null deletes the row; the same row changes nothing. The rows
 * it is given are frozen. `key`: the primary key of the row, in the order of its columns (what tells rows of a fan-out apart).
 */
export type Reduce<C extends Columns, Event, Lookups extends Tables> = (
  row: RowOfColumns<C> | undefined,
  event: Event,
  context: Looked<Lookups> & { readonly key: readonly unknown[] },
) => RowOfColumns<C> | null;

/** A finished declaration, to be compiled. */
export interface AnyTableDefinition extends Definition<unknown> {
  readonly kind: 'table';
  readonly declared: TableDeclaration;
}

/** What the builder collected; read by the compiler only. */
export interface TableDeclaration {
  /** The read model first. */
  readonly tables: readonly { readonly name: string | null; readonly columns: Columns }[];
  readonly handlers: readonly DeclaredHandler[];
  readonly indexes: readonly (readonly string[])[];
}

/** A handler as declared. */
export interface DeclaredHandler {
  /** Index in `tables`. */
  readonly table: number;
  readonly event: EventDefinition;
  readonly key: DeclaredKey;
  readonly lookups: readonly { readonly table: string; readonly fields: readonly string[] }[];
  readonly reduce: (row: unknown, event: never, context: never) => unknown;
}

/** How an event's rows are found. */
export type DeclaredKey =
  | { readonly fields: readonly string[] }
  | { readonly keysOf: (event: never) => readonly unknown[] };

interface Open {
  readonly table: number;
  readonly key: DeclaredKey;
  readonly lookups: DeclaredHandler['lookups'];
}

const NO_KEY: Open = { table: 0, key: { fields: [] }, lookups: [] };

function tableStep(declared: TableDeclaration, open: Open): never {
  const step = {
    kind: 'table',
    declared,
    key: (...fields: string[]) => tableStep(declared, { ...open, key: { fields } }),
    keys: (keysOf: (event: never) => readonly unknown[]) =>
      tableStep(declared, { ...open, key: { keysOf } }),
    on: (event: EventDefinition, reduce: DeclaredHandler['reduce']) => {
      const handler = { event, reduce, ...open };
      return tableStep({ ...declared, handlers: [...declared.handlers, handler] }, open);
    },
    table: (name: string, columns: Columns) =>
      tableStep(
        { ...declared, tables: [...declared.tables, { name, columns }] },
        { ...NO_KEY, table: declared.tables.length },
      ),
    main: () => tableStep(declared, NO_KEY),
    lookup: (table: string, ...fields: string[]) =>
      tableStep(declared, { ...open, lookups: [...open.lookups, { table, fields }] }),
    index: (...columns: string[]) =>
      tableStep({ ...declared, indexes: [...declared.indexes, columns] }, open),
  };
  return step as never;
}
