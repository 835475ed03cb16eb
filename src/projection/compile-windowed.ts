import type { EventDefinition } from '../event/event-definition.ts';
import { checkColumns, checkIndexes, keyColumn } from './compile-columns.ts';
import {
  fieldNamed,
  planDisorder,
  planKeys,
  planSources,
  requireRecordKey,
} from './compile-sources.ts';
import { measureColumns, planAccumulators, stateColumns } from './compile-state.ts';
import type { Fail } from './definition-fault.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { KeyPlan, MeasurePlan, WindowedPlan } from './plan.ts';
import type { Projection } from './projection.ts';
import { snakeCase } from './snake-case.ts';
import type { ColumnPlan, TablePlan } from './table-plan.ts';
import type { WindowedDeclaration, WindowedDefinition } from './windowed-projection.ts';

const SUMMABLE = new Set(['int', 'long', 'float', 'double', 'decimal']);
const ORDERED = new Set([...SUMMABLE, 'timestamp-millis', 'timestamp-micros']);

/** The plan of a windowed projection. @throws DEFINITION_INVALID */
export function compileWindowed(
  projection: Projection,
  { declared }: WindowedDefinition<unknown>,
  fail: Fail,
): WindowedPlan {
  const { name, version } = projection;
  const { window, sources: from } = declared;
  const [event] = from.events as [EventDefinition];
  const keys = planKeys(from, fail);
  requireRecordKey(from, fail);
  const measures = planMeasures(declared, keys, fail);
  const accumulators = planAccumulators(event, measures);
  if (window?.kind !== 'tumbling') {
    fail('.window(…)', "takes windows such as tumbling('1 minute').");
  }
  const disorder = planDisorder(declared.options, false, { step: '.window(…)', fail });
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
    view: { onlyWhere: null, merged: null },
  };
  const sources = planSources(
    from,
    () => measures.flatMap(({ field }) => (field === null ? [] : [field])),
    fail,
  );
  const shape = {
    kind: 'windowed',
    sources,
    keys,
    window,
    ...disorder,
    emit: 'update',
    mergedAtRead: false,
    emissions: [],
    accumulators,
    measures,
    measureFilters: [],
  } as const;
  return {
    name,
    version,
    ...shape,
    fingerprint: fingerprintOf({ ...shape, name, columns }),
    table,
    tables: [table],
    rebuild: 'partial',
    replayable: sources.every(({ time }) => time.kind !== 'processing'),
  };
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
    if (aggregate === 'count') return { name, column, aggregate, field: null, filter: null };
    const allowed = aggregate === 'sum' || aggregate === 'avg' ? SUMMABLE : ORDERED;
    const field = fieldNamed(declared.sources.events[0] as EventDefinition, String(fieldName), {
      step,
      fail,
    });
    if (!allowed.has(field.type.kind)) {
      fail(
        step,
        `${aggregate}("${field.name}") needs a number; "${field.name}" is a ${field.type.kind}.`,
      );
    }
    return { name, column, aggregate, field: field.name, filter: null };
  });
}

function isAggregate(name: string): name is MeasurePlan['aggregate'] {
  return ['count', 'sum', 'avg', 'min', 'max'].includes(name);
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
