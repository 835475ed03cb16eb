import type { EventDefinition } from '../../event/event-definition.ts';
import { checkEvent, checkEvents } from '../check/check-events.ts';
import { checkOptions } from '../check/check-options.ts';
import type { Fail } from '../check/fail-for.ts';
import { readModelFault } from '../check/identifier-fault.ts';
import { checkColumns, checkIndexes } from '../columns/check-columns.ts';
import { declaredColumns } from '../declare/declared-columns.ts';
import type { TableDeclaration } from '../declare/table-declaration.ts';
import type { AnyTableDefinition } from '../declare/table-projection.ts';
import type { KeyedTablePlan } from '../plan/plan.ts';
import type { Projection } from '../plan/projection.ts';
import type { ColumnPlan, TablePlan } from '../plan/table-plan.ts';
import { finishedPlan } from './finished-plan.ts';
import { planHandlers } from './plan-handlers.ts';
import { planDisorder, planSources } from './plan-sources.ts';
import { planTombstones } from './plan-tombstones.ts';

/** Compiles the plan of a table projection. @throws DEFINITION_INVALID */
export function compileTable(
  projection: Projection,
  { declared }: AnyTableDefinition,
  fail: Fail,
): KeyedTablePlan {
  checkOptions(declared.options, ['maxDrift', 'onePartition'], { step: '.table(…)', fail });
  const tables = declared.tables.map((_, i) => planTable(projection, declared, i, fail));
  const events = eventsOf(declared, fail);
  checkUsed(declared, fail);
  const { where = [], time = null } = declared.sources ?? {};
  const sources = planSources({ events, keyFields: [], where, time }, () => [], fail);
  const handlers = planHandlers({ declared, tables, events, fail });
  const tombstones = planTombstones({ declared, tables, events, fail });
  const { maxDrift, onePartition = false } = declared.options;
  if (typeof onePartition !== 'boolean') {
    fail('.table(…)', `onePartition is true or false, not ${JSON.stringify(onePartition)}.`);
  }
  const disorder = planDisorder(maxDrift === undefined ? {} : { maxDrift }, false, {
    step: '.table(…)',
    fail,
  });
  const shape = {
    kind: 'table',
    sources,
    keys: [],
    ...disorder,
    emissions: [],
    handlers,
    onePartition,
    ...(tombstones.length > 0 && { tombstones }),
  } as const;
  // The meaning of a column is not part of the shape: it may change without a new version.
  const columns = tables.map((each) => ({
    name: each.name,
    columns: each.columns.map(({ comment: _comment, ...column }) => column),
  }));
  return finishedPlan(projection, shape, { fail, tables, rebuild: 'live', columns });
}

/**
 * Returns the kinds of events read: with `from`, exactly those named there; otherwise those that
 * have handlers.
 */
function eventsOf({ handlers, sources }: TableDeclaration, fail: Fail): readonly EventDefinition[] {
  if (sources !== null) checkEvents(sources.events, { step: '.from(…)', fail });
  if (handlers.length === 0) fail('.on(…)', 'is missing: no event makes a row.');
  for (const { event } of handlers) checkEvent(event, { step: '.on(…)', fail });
  const handled = [...new Set(handlers.map(({ event }) => event))];
  checkEvents(handled, { step: '.on(…)', fail });
  if (sources === null) return handled;
  const { events } = sources;
  const unlisted = handled.find((event) => !events.includes(event));
  if (unlisted !== undefined) {
    fail(`.on(${unlisted.name}, …)`, 'is for an event that .from(…) does not name.');
  }
  const unused = events.find((event) => !handled.includes(event));
  if (unused !== undefined) fail('.from(…)', `names ${unused.name}, which no .on(…) takes.`);
  return events;
}

/**
 * Checks that every step leads to a handler: a table without one stays empty, a key or lookup
 * without one has no effect.
 */
function checkUsed({ tables, handlers, idle }: TableDeclaration, fail: Fail): void {
  const empty = tables.findIndex((_, i) => handlers.every(({ table }) => table !== i));
  if (empty >= 0) {
    fail(stepOf(tables[empty]?.name ?? null), 'has no .on(…), so it would stay empty.');
  }
  const [step] = idle;
  if (step !== undefined) fail(step, 'has no .on(…) behind it, so it would do nothing.');
}

function stepOf(name: string | null): string {
  return name === null ? '.table(…)' : `.table("${name}", …)`;
}

function planTable(
  projection: Projection,
  { tables }: TableDeclaration,
  index: number,
  fail: Fail,
): TablePlan {
  const declared = tables[index] as TableDeclaration['tables'][number];
  const step = stepOf(declared.name);
  const name = declared.name === null ? projection.name : `${projection.name}_${declared.name}`;
  if (declared.name === '') fail(step, 'needs a name.');
  const fault = readModelFault(name, `__v${projection.version}`);
  if (fault !== null) fail(step, `"${name}" ${fault}.`);
  if (declared.name === 'key') fail(step, '"key" is what handlers know the primary key by.');
  if (tables.findIndex((each) => each.name === declared.name) !== index) {
    fail(step, 'is declared twice.');
  }
  const all = declaredColumns(declared.columns, { step, fail });
  const keys = all.filter(({ role }) => role === 'key');
  const columns = [...keys, ...all.filter(({ role }) => role !== 'key')];
  if (keys.length === 0) fail(step, 'has no primary key; mark its columns with .primaryKey().');
  const unfit = keys.find(({ type }) => !KEY_TYPES.has(type));
  if (unfit !== undefined) {
    fail(
      step,
      `"${unfit.declared}" is ${unfit.type}; a primary key is made of text, whole numbers, booleans, days or instants.`,
    );
  }
  checkColumns([], [{ step, columns }], fail);
  const rowsBy = keys.map((column) => column.declared).join(', ');
  return {
    name,
    version: projection.version,
    comment: `${projection.constructor.name} of reprise: rows by ${rowsBy}`,
    columns,
    indexes: checkIndexes(declared.indexes, columns, { step: `${step} .index(…)`, fail }),
    view: { onlyWhere: null, merges: null, isMerged: false },
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
