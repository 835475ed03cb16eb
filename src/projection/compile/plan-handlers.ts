import type { EventDefinition } from '../../event/event-definition.ts';
import { checkFunction } from '../check/check-function.ts';
import type { Fail } from '../check/fail-for.ts';
import { keyColumnType } from '../columns/check-columns.ts';
import type { DeclaredHandler, TableDeclaration } from '../declare/table-declaration.ts';
import type { HandlerKeys, HandlerPlan, LookupPlan } from '../plan/plan.ts';
import type { ColumnPlan, TablePlan } from '../plan/table-plan.ts';
import { fieldNamed } from './plan-sources.ts';

/** Context in which handlers are compiled. */
export interface HandlerContext {
  readonly declared: TableDeclaration;
  readonly tables: readonly TablePlan[];
  readonly events: readonly EventDefinition[];
  readonly fail: Fail;
}

/**
 * Plans the handlers of a table projection. A row belongs to the task of the partition that holds
 * its events. Therefore every primary key must contain the record key of the event it comes from,
 * always in the same column: no two partitions can own a row of the same key, and a lookup finds
 * its row in the same task. Keys by fields and lookups are checked here. Keys by function are
 * checked record by record in the fold, unless the user declares that there is only one partition.
 */
export function planHandlers(written: HandlerContext): HandlerPlan[] {
  const context = { ...written, declared: inKeyOrder(written) };
  const columns = context.tables.map((_, table) => recordKeyColumn(table, context));
  return context.declared.handlers.map((handler): HandlerPlan => {
    const { event, table, reduce, lookups } = handler;
    checkFunction(reduce, 'the reducer', { step: stepOf(event), fail: context.fail });
    const names = lookups.map((lookup) => lookup.table);
    const again = names.find((name, i) => names.indexOf(name) !== i);
    if (again !== undefined)
      context.fail(`${stepOf(event)} .lookup("${again}")`, 'is called twice.');
    return {
      table,
      source: context.events.indexOf(event),
      keys: planKeys(handler, columns[table] ?? null, context),
      lookups: lookups.map((lookup) => planLookup(handler, lookup, { ...context, columns })),
      reduce,
    };
  });
}

/**
 * Puts the fields of keys and lookups in primary-key order if their names are those of its columns.
 * Other names are matched by position.
 */
function inKeyOrder({ declared, tables }: HandlerContext): TableDeclaration {
  const ordered = (fields: readonly string[], table: TablePlan | undefined) => {
    const names = table === undefined ? [] : keyColumns(table).map((column) => column.declared);
    const isSame =
      fields.length === names.length && names.every((name) => fields.includes(name ?? ''));
    return isSame ? (names as readonly string[]) : fields;
  };
  const handlers = declared.handlers.map((handler): DeclaredHandler => {
    const { key, table, lookups } = handler;
    return {
      ...handler,
      key: 'fields' in key ? { fields: ordered(key.fields, tables[table]) } : key,
      lookups: lookups.map((lookup) => {
        const at = declared.tables.findIndex((each) => each.name === lookup.table);
        return { ...lookup, fields: ordered(lookup.fields, tables[at]) };
      }),
    };
  });
  return { ...declared, handlers };
}

/**
 * Returns the key column of a table that holds the record keys of its events, according to handlers
 * with fields; null if there is none.
 */
function recordKeyColumn(table: number, { declared, tables, fail }: HandlerContext): number | null {
  if (declared.options.onePartition === true) return null;
  let found: { readonly column: number; readonly event: EventDefinition } | null = null;
  for (const { table: of, event, key } of declared.handlers) {
    if (of !== table || !('fields' in key)) continue;
    const column = event.keyField === undefined ? -1 : key.fields.indexOf(event.keyField);
    if (column < 0) {
      if (key.fields.length > 0) refuseKey(event, '.key(…)', fail);
      continue;
    }
    if (found !== null && found.column !== column) {
      fail(
        stepOf(event),
        `its record key "${event.keyField}" is column ${column + 1} of the primary key, and that of ${found.event.name} column ${found.column + 1}: events of one row would lie in several partitions. ${ONE_PARTITION}`,
      );
    }
    found ??= { column, event };
  }
  if (found !== null) return found.column;
  const fieldNames = declared.handlers
    .filter((handler) => handler.table === table)
    .map(({ event }) => event.keyField);
  const named = keyColumns(tables[table] as TablePlan).findIndex((column) =>
    fieldNames.every((name) => name === column.declared),
  );
  return named < 0 ? null : named;
}

function planKeys(
  { event, key, table }: DeclaredHandler,
  column: number | null,
  { declared, tables, fail }: HandlerContext,
): HandlerKeys {
  const step = stepOf(event);
  if ('fields' in key) {
    if (key.fields.length === 0) fail(step, 'has no key; call .key(…) or .keys(…) before it.');
    checkFields(key.fields, { table: tables[table] as TablePlan, event, step, fail });
    return { kind: 'fields', fields: key.fields };
  }
  const { keysOf } = key;
  checkFunction(keysOf, 'what gives its keys', { step, fail });
  if (declared.options.onePartition === true) return { kind: 'function', keysOf, within: null };
  if (event.keyField === undefined) return refuseKey(event, '.keys(…)', fail);
  return { kind: 'function', keysOf, within: { field: event.keyField, column } };
}

function planLookup(
  { event, table: own }: DeclaredHandler,
  { table: name, fields }: DeclaredHandler['lookups'][number],
  context: HandlerContext & { readonly columns: readonly (number | null)[] },
): LookupPlan {
  const { declared, tables, fail, columns } = context;
  const step = `${stepOf(event)} .lookup("${name}")`;
  const table = declared.tables.findIndex((each) => each.name === name);
  if (table < 0) fail(step, 'there is no such table in the projection.');
  if (table === own) fail(step, 'is the table itself; its row is given to the handler already.');
  checkFields(fields, { table: tables[table] as TablePlan, event, step, fail });
  if (declared.options.onePartition !== true) {
    const { keyField } = event;
    const at = columns[table] ?? null;
    const holds =
      keyField !== undefined && (at === null ? fields.includes(keyField) : fields[at] === keyField);
    if (!holds) {
      fail(
        step,
        `${recordKeyText(event)}, which is not what the rows of "${name}" are partitioned by: the row may lie in another partition. ${ONE_PARTITION}`,
      );
    }
  }
  return { name, table, fields };
}

const ONE_PARTITION =
  'Key the topics by something that both share; or, where every topic has one partition, say so: .table(columns, { onePartition: true }).';

function refuseKey(event: EventDefinition, what: string, fail: Fail): never {
  return fail(
    stepOf(event),
    `its ${what} does not contain the record key: ${recordKeyText(event)}, so events of one row would lie in several partitions. Add that field to the key. ${ONE_PARTITION}`,
  );
}

function recordKeyText({ name, keyField }: EventDefinition): string {
  return keyField === undefined
    ? `${name} has no record key`
    : `${name} has the record key "${keyField}"`;
}

/** Checks that there are as many fields as key columns, and that types agree. */
function checkFields(
  fields: readonly string[],
  at: {
    readonly table: TablePlan;
    readonly event: EventDefinition;
    readonly step: string;
    readonly fail: Fail;
  },
): void {
  const { table, event, step, fail } = at;
  const wanted = keyColumns(table);
  if (fields.length !== wanted.length) {
    const names = wanted.map(({ declared }) => declared).join(', ');
    fail(
      step,
      `names ${fields.length} key fields (${fields.join(', ')}); the primary key of ${table.name} is (${names}).`,
    );
  }
  for (const [i, name] of fields.entries()) {
    const { type } = fieldNamed(event, name, { step, fail });
    const column = wanted[i] as ColumnPlan;
    const given = type.kind === 'timestamp-millis' ? 'timestamptz' : keyColumnType(type);
    if (given !== column.type) {
      fail(
        step,
        `"${name}" is a ${type.kind}, and the key column "${column.declared}" of ${table.name} is ${column.type}.`,
      );
    }
  }
}

function keyColumns({ columns }: TablePlan): readonly ColumnPlan[] {
  return columns.filter(({ role }) => role === 'key');
}

function stepOf({ name }: EventDefinition): string {
  return `.on(${name}, …)`;
}
