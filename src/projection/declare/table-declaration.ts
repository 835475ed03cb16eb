import type { EventDefinition } from '../../event/event-definition.ts';
import type { Duration } from '../check/duration.ts';
import type { Columns } from './columns.ts';
import type { DeclaredSources } from './declared-sources.ts';

/** What the builder of a table projection collected. Only the compiler reads it. */
export interface TableDeclaration {
  /** The read model's table comes first. */
  readonly tables: readonly DeclaredTable[];
  readonly handlers: readonly DeclaredHandler[];
  readonly options: { readonly maxDrift?: Duration; readonly onePartition?: boolean };
  /** The sources of `from`. Null if it was not called: the events are those of the handlers. */
  readonly sources: DeclaredSources | null;
  /**
   * Steps without effect, such as `.lookup("customers")` without a handler before the next table or
   * the end of the definition.
   */
  readonly idle: readonly string[];
}

/** A table as declared. The table of the read model has no name of its own. */
export interface DeclaredTable {
  readonly name: string | null;
  readonly columns: Columns;
  readonly indexes: readonly (readonly string[])[];
  /** Argument of each `onTombstone` call. */
  readonly tombstones: readonly unknown[];
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

/** How the rows of an event are found. */
export type DeclaredKey =
  | { readonly fields: readonly string[] }
  | { readonly keysOf: (event: never) => readonly unknown[] };

/** Context of the next handlers. `waiting`: steps since the last handler. */
interface Open {
  readonly waiting: readonly string[];
  readonly table: number;
  readonly key: DeclaredKey;
  readonly lookups: DeclaredHandler['lookups'];
}

type Reduction = DeclaredHandler['reduce'];
type RowsOption =
  | { readonly key: string | readonly string[] }
  | { readonly keys: (event: never) => readonly unknown[] };

const NO_KEY: Open = { table: 0, key: { fields: [] }, lookups: [], waiting: [] };

/** Starts the builder. Its types are those of `TableStep`, which the caller chooses. */
export function tableStep<Step>(start: {
  readonly columns: Columns;
  readonly options: TableDeclaration['options'];
  readonly sources: DeclaredSources | null;
}): Step {
  const { columns, options, sources } = start;
  const tables = [{ name: null, columns, indexes: [], tombstones: [] }];
  return step({ tables, handlers: [], options, sources, idle: [] }, NO_KEY) as Step;
}

function step(declared: TableDeclaration, open: Open): unknown {
  const left = { ...declared, idle: [...declared.idle, ...open.waiting] };
  const opened = (change: Partial<Open>, written: string) =>
    step(declared, { ...open, ...change, waiting: [...open.waiting, written] });
  /** Changes the current table. */
  const changed = (change: (table: DeclaredTable) => Partial<DeclaredTable>) => {
    const tables = declared.tables.map((table, i) =>
      i === open.table ? { ...table, ...change(table) } : table,
    );
    return step({ ...declared, tables }, open);
  };
  return {
    kind: 'table',
    declared: left,
    key: (...fields: string[]) => opened({ key: { fields } }, '.key(…)'),
    keys: (keysOf: (event: never) => readonly unknown[]) => opened({ key: { keysOf } }, '.keys(…)'),
    on: (event: EventDefinition, ...rest: [Reduction] | [RowsOption, Reduction]) => {
      const [key, reduce] =
        rest.length < 2 ? [open.key, rest[0]] : [keyOf(rest[0] as RowsOption), rest[1]];
      const { table, lookups } = open;
      const handler: DeclaredHandler = { table, event, key, lookups, reduce: reduce as Reduction };
      const handlers = [...declared.handlers, handler];
      return step({ ...declared, handlers }, { ...open, waiting: [] });
    },
    table: (name: string, columns: Columns) =>
      step(
        { ...left, tables: [...declared.tables, { name, columns, indexes: [], tombstones: [] }] },
        { ...NO_KEY, table: declared.tables.length },
      ),
    main: () => step(left, NO_KEY),
    lookup: (table: string, ...fields: string[]) =>
      opened({ lookups: [...open.lookups, { table, fields }] }, `.lookup("${table}")`),
    index: (...columns: string[]) => changed(({ indexes }) => ({ indexes: [...indexes, columns] })),
    onTombstone: (answer: unknown) =>
      changed(({ tombstones }) => ({ tombstones: [...tombstones, answer] })),
  };
}

/** Any other value is an empty key, which is refused when the projection is compiled. */
function keyOf(rows: RowsOption): DeclaredKey {
  const { key, keys } = (rows ?? {}) as { readonly key?: string | string[]; readonly keys?: never };
  if (keys !== undefined) return { keysOf: keys };
  return { fields: typeof key === 'string' ? [key] : Array.isArray(key) ? key : [] };
}
