import type { EventDefinition } from '../event/event-definition.ts';
import { checkColumns, checkIndexes } from './compile-columns.ts';
import { fieldNamed, planSources } from './compile-sources.ts';
import { declaredColumns } from './declared-columns.ts';
import type { Fail } from './definition-fault.ts';
import { fingerprintOf } from './fingerprint.ts';
import { identifierFault } from './names.ts';
import type { HandlerKeys, HandlerPlan, KeyedTablePlan } from './plan.ts';
import type { Projection } from './projection.ts';
import type { ColumnPlan, TablePlan } from './table-plan.ts';
import type { AnyTableDefinition, DeclaredHandler, TableDeclaration } from './table-projection.ts';

const MAX_DRIFT_MS = 3_600_000;

/** The plan of a table projection. @throws DEFINITION_INVALID */
export function compileTable(
  projection: Projection,
  { declared }: AnyTableDefinition,
  fail: Fail,
): KeyedTablePlan {
  const { name, version } = projection;
  if (declared.handlers.length === 0) fail('.on(…)', 'is missing: no event makes a row.');
  const tables = declared.tables.map((_, i) => planTable(projection, declared, i, fail));
  const events = [...new Set(declared.handlers.map(({ event }) => event))];
  const handlers = declared.handlers.map((handler) =>
    planHandler(handler, { declared, tables, events, fail }),
  );
  const sources = planSources({ events, keyFields: [], where: [], time: null }, () => [], fail);
  const [table] = tables as [TablePlan];
  const shape = {
    kind: 'table',
    sources,
    keys: [],
    latenessMs: 0,
    late: 'revise',
    maxDriftMs: MAX_DRIFT_MS,
    idleMs: null,
    emissions: [],
    handlers,
  } as const;
  const columns = tables.map((each) => ({ name: each.name, columns: each.columns }));
  return {
    name,
    version,
    ...shape,
    fingerprint: fingerprintOf({ ...shape, name, columns }),
    table,
    tables,
    rebuild: 'live',
    replayable: true,
  };
}

function planTable(
  projection: Projection,
  { tables, indexes }: TableDeclaration,
  index: number,
  fail: Fail,
): TablePlan {
  const declared = tables[index] as TableDeclaration['tables'][number];
  const step = declared.name === null ? '.table(…)' : `.table("${declared.name}", …)`;
  const name = declared.name === null ? projection.name : `${projection.name}_${declared.name}`;
  const fault = identifierFault(name, `__v${projection.version}`);
  if (fault !== null) fail(step, `"${name}" ${fault}.`);
  if (tables.findIndex((each) => each.name === declared.name) !== index) {
    fail(step, 'is declared twice.');
  }
  const all = declaredColumns(declared.columns, step, fail);
  const columns = [
    ...all.filter(({ role }) => role === 'key'),
    ...all.filter(({ role }) => role !== 'key'),
  ];
  const key = columns.find(({ role }) => role === 'key');
  if (key === undefined) fail(step, 'has no primary key; mark its columns with .primaryKey().');
  const unfit = columns.find(({ role, type }) => role === 'key' && !KEY_TYPES.has(type));
  if (unfit !== undefined) {
    fail(
      step,
      `"${unfit.comment}" is ${unfit.type}; a primary key is made of text, whole numbers, booleans, days or instants.`,
    );
  }
  checkColumns(columns, fail);
  return {
    name,
    version: projection.version,
    comment: `${projection.constructor.name} of reprise: rows by ${columns
      .filter(({ role }) => role === 'key')
      .map((column) => column.comment)
      .join(', ')}`,
    columns,
    indexes: index === 0 ? checkIndexes(indexes, columns, fail) : [],
    view: { onlyWhere: null, merged: null },
  };
}

const KEY_TYPES: ReadonlySet<ColumnPlan['type']> = new Set([
  'text',
  'int4',
  'int8',
  'boolean',
  'date',
  'timestamptz',
]);

interface HandlerPlace {
  readonly declared: TableDeclaration;
  readonly tables: readonly TablePlan[];
  readonly events: readonly EventDefinition[];
  readonly fail: Fail;
}

function planHandler(handler: DeclaredHandler, place: HandlerPlace): HandlerPlan {
  const { event, key, table, reduce } = handler;
  const { declared, tables, events, fail } = place;
  const step = `.on(${event.name}, …)`;
  const keys: HandlerKeys =
    'keysOf' in key
      ? { kind: 'function', keysOf: key.keysOf }
      : fieldKeys(key.fields, { table: tables[table] as TablePlan, event, step, fail });
  if (
    keys.kind === 'fields' &&
    (event.keyField === undefined || !keys.fields.includes(event.keyField))
  ) {
    const recordKey =
      event.keyField === undefined ? 'has no record key' : `has the record key "${event.keyField}"`;
    fail(
      step,
      `its .key(…) does not contain the record key: ${event.name} ${recordKey}, so events of one row would lie in several partitions. Add that field to the key, or fan out with .keys(…).`,
    );
  }
  const lookups = handler.lookups.map(({ table: name, fields }) => {
    const at = declared.tables.findIndex((each) => each.name === name);
    if (at < 0) fail(step, `.lookup("${name}"): there is no such table in the projection.`);
    return {
      name,
      table: at,
      keys: fieldKeys(fields, { table: tables[at] as TablePlan, event, step, fail }),
    };
  });
  return { table, source: events.indexOf(event), keys, lookups, reduce };
}

function fieldKeys(
  fields: readonly string[],
  at: {
    readonly table: TablePlan;
    readonly event: EventDefinition;
    readonly step: string;
    readonly fail: Fail;
  },
): HandlerKeys & { readonly kind: 'fields' } {
  const { table, event, step, fail } = at;
  const wanted = table.columns.filter(({ role }) => role === 'key').length;
  if (fields.length === 0) fail(step, 'has no key; call .key(…) or .keys(…) before it.');
  if (fields.length !== wanted) {
    fail(
      step,
      `names ${fields.length} key fields (${fields.join(', ')}); the primary key of ${table.name} has ${wanted} columns.`,
    );
  }
  for (const field of fields) fieldNamed(event, field, { step, fail });
  return { kind: 'fields', fields };
}
