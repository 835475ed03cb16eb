import type { EventDefinition } from '../event/event-definition.ts';
import type { Field } from '../event/field-type.ts';
import { RepriseError } from '../reprise-error.ts';
import { measureColumns, planAccumulators, stateColumns } from './compile-state.ts';
import { durationMs } from './duration.ts';
import type { FilterPlan, FilterValue } from './filter.ts';
import { conditionsOf, expectedInstead } from './filter.ts';
import { fingerprintOf } from './fingerprint.ts';
import { identifierFault } from './names.ts';
import type { KeyPlan, MeasurePlan, WindowedPlan } from './plan.ts';
import type { Projection } from './projection.ts';
import { snakeCase } from './snake-case.ts';
import type { ColumnPlan, ColumnType, TablePlan } from './table-plan.ts';
import type { WindowedDeclaration, WindowedDefinition } from './windowed-projection.ts';

const MAX_DRIFT_MS = 3_600_000;
const SUMMABLE = new Set(['int', 'long', 'float', 'double', 'decimal']);
const ORDERED = new Set([...SUMMABLE, 'timestamp-millis', 'timestamp-micros']);

const KEY_COLUMN: Readonly<Record<string, ColumnType>> = {
  string: 'text',
  uuid: 'text',
  enum: 'text',
  int: 'int4',
  long: 'int8',
  boolean: 'boolean',
  date: 'date',
};

/** Says what is wrong with a definition: class, step, what, and what to do. */
type Fail = (step: string, what: string) => never;

/**
 * Compiles what a projection declares into its plan. Every mistake that can be seen without data is found here.
 * @throws DEFINITION_INVALID naming class, step and field
 */
export function compileProjection(projection: Projection): WindowedPlan {
  const fail: Fail = (step, what) => {
    throw new RepriseError(
      'DEFINITION_INVALID',
      `${projection.constructor.name} ${step}: ${what}`,
      {
        facts: { projection: String(projection.name) },
      },
    );
  };
  checkHead(projection, fail);
  const definition = projection.define() as WindowedDefinition<unknown>;
  if (definition?.kind !== 'windowed') fail('define()', 'must return what .measure({ … }) gives.');
  const { declared } = definition;
  const { name, version } = projection;
  const { event, window } = declared;
  const keys = planKeys(declared, fail);
  const measures = planMeasures(declared, keys, fail);
  const where = declared.where.map((filter) => planFilter(event, filter, fail));
  const accumulators = planAccumulators(event, measures);
  const disorder = planDisorder(declared, projection.constructor.name, fail);
  const columns = [
    ...keys.map(keyColumn),
    ...windowColumns(),
    ...measureColumns(event, measures),
    revisedColumn(),
    ...stateColumns(event, accumulators),
  ];
  checkColumns(columns, fail);
  const table: TablePlan = {
    name,
    version,
    comment: `${projection.constructor.name} of reprise: ${event.name} events by ${keys.map(({ field }) => field).join(', ')} and window`,
    columns,
    indexes: checkIndexes(declared.indexes, columns, fail),
  };
  const fields = fieldsOf(event, { keys, measures, where });
  const shape = {
    sources: [{ event, where, fields }],
    keys,
    window,
    ...disorder,
    late: 'revise',
    accumulators,
    measures,
  } as const;
  const fingerprint = fingerprintOf({ ...shape, kind: 'windowed', name, columns });
  return { kind: 'windowed', name, version, fingerprint, ...shape, table, replayable: true };
}

function checkHead({ name, version }: Projection, fail: Fail): void {
  if (!Number.isSafeInteger(version) || version < 1) {
    fail('version', `${String(version)} is not a whole number from 1.`);
  }
  const fault = identifierFault(String(name), `__v${version}`);
  if (fault !== null) fail('name', `"${name}" ${fault}.`);
}

function fieldNamed(
  event: EventDefinition,
  name: string,
  place: { step: string; fail: Fail },
): Field {
  const field = event.fields.find((each) => each.name === name);
  if (field !== undefined) return field;
  const known = event.fields.map((each) => each.name).join(', ');
  return place.fail(place.step, `${event.name} has no field "${name}"; it has ${known}.`);
}

function planKeys(declared: WindowedDeclaration, fail: Fail): KeyPlan[] {
  const { event, fields } = declared;
  const step = '.key(…)';
  if (fields.length === 0) fail(step, 'names no field.');
  const keys = fields.map((name): KeyPlan => {
    const { type } = fieldNamed(event, name, { step, fail });
    if (KEY_COLUMN[type.kind] === undefined) {
      fail(
        step,
        `"${name}" is a ${type.kind}; a key is made of text, enums, whole numbers, booleans or days.`,
      );
    }
    const column = snakeCase(name);
    if (column.startsWith('_')) fail(step, `the column "${column}" of "${name}" is reserved.`);
    return { field: name, column, type };
  });
  if (event.keyField === undefined || !fields.includes(event.keyField)) {
    const recordKey =
      event.keyField === undefined ? 'has no record key' : `has the record key "${event.keyField}"`;
    fail(
      step,
      `does not contain the record key: ${event.name} ${recordKey}, so events of one row would lie in several partitions. Add that field to .key(…).`,
    );
  }
  return keys;
}

function planMeasures(
  declared: WindowedDeclaration,
  keys: readonly KeyPlan[],
  fail: Fail,
): MeasurePlan[] {
  const entries = Object.entries(declared.measures);
  if (entries.length === 0) fail('.measure({})', 'declares nothing to keep.');
  const reserved = new Set([
    ...keys.map(({ column }) => column),
    'window_start',
    'window_end',
    'revised_at_offset',
  ]);
  return entries.map(([name, measure]) => {
    const step = `.measure({ ${name} })`;
    const column = snakeCase(name);
    if (reserved.has(column) || column.startsWith('_')) {
      fail(step, `the column "${column}" is reserved; choose another name.`);
    }
    const { aggregate, field: fieldName } = measure;
    if (!isAggregate(aggregate)) fail(step, 'takes count(), sum, avg, min or max of a field.');
    if (aggregate === 'count') return { name, column, aggregate, field: null };
    const allowed = aggregate === 'sum' || aggregate === 'avg' ? SUMMABLE : ORDERED;
    const field = fieldNamed(declared.event, String(fieldName), { step, fail });
    if (!allowed.has(field.type.kind)) {
      fail(
        step,
        `${aggregate}("${field.name}") needs a number; "${field.name}" is a ${field.type.kind}.`,
      );
    }
    return { name, column, aggregate, field: field.name };
  });
}

function planDisorder(
  { window, options }: WindowedDeclaration,
  className: string,
  fail: Fail,
): { readonly latenessMs: number; readonly maxDriftMs: number } {
  if (window?.kind !== 'tumbling')
    fail('.window(…)', "takes windows such as tumbling('1 minute').");
  const latenessMs = durationMs(options.lateness ?? 0, `${className} lateness`);
  const maxDriftMs = durationMs(options.maxDrift ?? MAX_DRIFT_MS, `${className} maxDrift`);
  if (latenessMs < 0) fail('.window(…, { lateness })', 'must not be negative.');
  if (maxDriftMs < 0) fail('.window(…, { maxDrift })', 'must not be negative.');
  return { latenessMs, maxDriftMs };
}

function isAggregate(name: string): name is MeasurePlan['aggregate'] {
  return ['count', 'sum', 'avg', 'min', 'max'].includes(name);
}

function planFilter(event: EventDefinition, filter: unknown, fail: Fail): FilterPlan {
  const step = '.where(…)';
  if (typeof filter === 'function')
    return { kind: 'function', accepts: filter as (event: never) => boolean };
  if (typeof filter !== 'object' || filter === null)
    return fail(step, 'takes { field: value } or a function.');
  const conditions = conditionsOf(filter as Record<string, unknown>, (field, what) =>
    fail(step, `"${field}" ${what}.`),
  );
  for (const { field: name, operator, values } of conditions) {
    const { type } = fieldNamed(event, name, { step, fail });
    for (const value of values) {
      const expected = expectedInstead(type, value);
      if (expected === null) continue;
      fail(
        step,
        `"${name}" is a ${type.kind} and is compared with ${print(value)}; it takes ${expected}.`,
      );
    }
    if (!['in', 'notIn'].includes(operator) && !ORDERED.has(type.kind)) {
      fail(step, `"${name}" is a ${type.kind}, which has no order for ${operator}.`);
    }
  }
  return { kind: 'conditions', conditions };
}

function print(value: FilterValue): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function keyColumn({ field, column, type }: KeyPlan): ColumnPlan {
  return {
    name: column,
    type: KEY_COLUMN[type.kind] ?? 'text',
    nullable: false,
    role: 'key',
    comment: `key: ${field}`,
  };
}

function windowColumns(): ColumnPlan[] {
  return [
    {
      name: 'window_start',
      type: 'timestamptz',
      nullable: false,
      role: 'key',
      comment: 'first instant of the window',
    },
    {
      name: 'window_end',
      type: 'timestamptz',
      nullable: false,
      role: 'measure',
      comment: 'first instant after the window',
    },
  ];
}

function revisedColumn(): ColumnPlan {
  return {
    name: 'revised_at_offset',
    type: 'int8',
    nullable: true,
    role: 'measure',
    comment: 'offset of the last event that arrived after the window was closed; null: none did',
  };
}

function checkColumns(columns: readonly ColumnPlan[], fail: Fail): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    const fault = identifierFault(name);
    if (fault !== null) fail('columns', `"${name}" ${fault}.`);
    if (seen.has(name)) fail('columns', `two of them are named "${name}".`);
    seen.add(name);
  }
}

function checkIndexes(
  indexes: readonly (readonly string[])[],
  columns: readonly ColumnPlan[],
  fail: Fail,
): readonly (readonly string[])[] {
  const known = new Set(columns.filter(({ role }) => role !== 'state').map(({ name }) => name));
  for (const index of indexes) {
    if (index.length === 0) fail('.index()', 'names no column.');
    for (const name of index) {
      if (!known.has(name))
        fail('.index(…)', `there is no column "${name}"; there are ${[...known].join(', ')}.`);
    }
  }
  return indexes;
}

/** Every field the fold reads: keys, event time, measures, conditions; each once. */
function fieldsOf(
  event: EventDefinition,
  parts: {
    readonly keys: readonly KeyPlan[];
    readonly measures: readonly MeasurePlan[];
    readonly where: readonly FilterPlan[];
  },
): string[] {
  const named = [
    ...parts.keys.map(({ field }) => field),
    ...(event.timeField === undefined ? [] : [event.timeField]),
    ...parts.measures.flatMap(({ field }) => (field === null ? [] : [field])),
    ...parts.where.flatMap((filter) =>
      filter.kind === 'conditions' ? filter.conditions.map(({ field }) => field) : [],
    ),
  ];
  return [...new Set(named)];
}
