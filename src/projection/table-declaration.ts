import type { EventDefinition } from '../event/event-definition.ts';
import type { Columns } from './columns.ts';
import type { DeclaredSources } from './declared-sources.ts';
import type { Duration } from './duration.ts';

/** What the builder of a table projection collected; read by the compiler only. */
export interface TableDeclaration {
  /** The read model first. */
  readonly tables: readonly DeclaredTable[];
  readonly handlers: readonly DeclaredHandler[];
  readonly options: { readonly maxDrift?: Duration; readonly onePartition?: boolean };
  /** Null: `from` was not called; the events are those of the handlers. */
  readonly sources: DeclaredSources | null;
}

/** A table as declared; the read model has no name of its own. */
export interface DeclaredTable {
  readonly name: string | null;
  readonly columns: Columns;
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

/** What the next handlers are for. */
interface Open {
  readonly table: number;
  readonly key: DeclaredKey;
  readonly lookups: DeclaredHandler['lookups'];
}

type Reduction = DeclaredHandler['reduce'];
type RowsOption =
  | { readonly key: string | readonly string[] }
  | { readonly keys: (event: never) => readonly unknown[] };

const NO_KEY: Open = { table: 0, key: { fields: [] }, lookups: [] };

/** The first step of the builder. Its types are those of `TableStep`: the caller says which. */
export function tableStep<Step>(start: {
  readonly columns: Columns;
  readonly options: TableDeclaration['options'];
  readonly sources: DeclaredSources | null;
}): Step {
  const { columns, options, sources } = start;
  const tables = [{ name: null, columns, indexes: [] }];
  return step({ tables, handlers: [], options, sources }, NO_KEY) as Step;
}

function step(declared: TableDeclaration, open: Open): unknown {
  return {
    kind: 'table',
    declared,
    key: (...fields: string[]) => step(declared, { ...open, key: { fields } }),
    keys: (keysOf: (event: never) => readonly unknown[]) =>
      step(declared, { ...open, key: { keysOf } }),
    on: (event: EventDefinition, ...rest: [Reduction] | [RowsOption, Reduction]) => {
      const [key, reduce] = rest.length === 1 ? [open.key, rest[0]] : [keyOf(rest[0]), rest[1]];
      const { table, lookups } = open;
      const handler: DeclaredHandler = { table, event, key, lookups, reduce };
      return step({ ...declared, handlers: [...declared.handlers, handler] }, open);
    },
    table: (name: string, columns: Columns) =>
      step(
        { ...declared, tables: [...declared.tables, { name, columns, indexes: [] }] },
        { ...NO_KEY, table: declared.tables.length },
      ),
    main: () => step(declared, NO_KEY),
    lookup: (table: string, ...fields: string[]) =>
      step(declared, { ...open, lookups: [...open.lookups, { table, fields }] }),
    index: (...columns: string[]) => {
      const tables = declared.tables.map((table, i) =>
        i === open.table ? { ...table, indexes: [...table.indexes, columns] } : table,
      );
      return step({ ...declared, tables }, open);
    },
  };
}

function keyOf(rows: RowsOption): DeclaredKey {
  if ('keys' in rows) return { keysOf: rows.keys };
  return { fields: typeof rows.key === 'string' ? [rows.key] : rows.key };
}
