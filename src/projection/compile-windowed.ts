import { checkColumns, checkIndexes, keyColumn } from './compile-columns.ts';
import { compileMeasures } from './compile-measures.ts';
import {
  eventSplitByKey,
  planDisorder,
  planKeys,
  planSources,
  requireRecordKey,
} from './compile-sources.ts';
import type { Fail } from './definition-fault.ts';
import { fingerprintOf } from './fingerprint.ts';
import { mergedColumns } from './merged-columns.ts';
import { identifierFault } from './names.ts';
import type { KeyPlan, MeasurePlan, WindowedPlan } from './plan.ts';
import type { Projection } from './projection.ts';
import type { ColumnPlan, TablePlan } from './table-plan.ts';
import type { WindowPlan } from './window.ts';
import type { WindowedDeclaration, WindowedDefinition } from './windowed-projection.ts';

const WINDOWS = new Set(['tumbling', 'sliding', 'calendar', 'custom']);

/** The plan of a windowed projection. @throws DEFINITION_INVALID */
export function compileWindowed(
  projection: Projection,
  { declared }: WindowedDefinition<unknown>,
  fail: Fail,
): WindowedPlan {
  const { name, version } = projection;
  const { window, sources: from, emissions, options } = declared;
  const keys = planKeys(from, fail);
  const reserved = [
    ...keys.map(({ column }) => column),
    'window_start',
    'window_end',
    'revised_at_offset',
  ];
  const compiled = compileMeasures(declared.measures, from.events, reserved, fail);
  const { measures, accumulators, measureFilters } = compiled;
  if (!WINDOWS.has(window?.kind)) {
    fail('.window(…)', "takes windows such as tumbling('1 minute').");
  }
  const emit = options.emit ?? 'update';
  if (emit !== 'update' && emit !== 'onClose') fail('.window(…)', "emit is 'update' or 'onClose'.");
  const waits =
    emit === 'onClose' ||
    emissions.length > 0 ||
    measures.some(({ aggregate }) => aggregate === 'zScore');
  const mergedAtRead = eventSplitByKey(from) !== null;
  if (mergedAtRead && waits) requireRecordKey(from, fail);
  const disorder = planDisorder(options, waits, { step: '.window(…)', fail });
  const columns = [
    ...keys.map(keyColumn),
    ...windowColumns(window),
    ...compiled.columns,
    revisedColumn(),
    ...compiled.stateColumns,
    ...(emit === 'onClose' ? [closedColumn()] : []),
  ];
  checkColumns(columns, fail);
  const table: TablePlan = {
    name,
    version,
    comment: commentOf(projection, declared),
    columns,
    indexes: checkIndexes(declared.indexes, columns, fail),
    view: {
      onlyWhere: emit === 'onClose' ? '_closed' : null,
      merged: mergedAtRead ? mergedColumns({ compiled, columns, events: from.events }, fail) : null,
    },
  };
  const hidden = baselineTables(table, keys, measures);
  for (const { name: hiddenName } of hidden) {
    const fault = identifierFault(hiddenName, `__v${version}`);
    if (fault !== null) fail('name', `"${hiddenName}", its hidden table, ${fault}.`);
  }
  const tables = [table, ...hidden];
  const sources = planSources(from, compiled.fieldsOf, fail);
  const shape = {
    kind: 'windowed',
    sources,
    keys,
    window,
    ...disorder,
    emit,
    mergedAtRead,
    emissions,
    accumulators,
    measures,
    measureFilters,
  } as const;
  return {
    name,
    version,
    ...shape,
    fingerprint: fingerprintOf({ ...shape, name, columns }),
    table,
    tables,
    rebuild: waits ? 'live' : 'partial',
    replayable: sources.every(({ time }) => time.kind !== 'processing'),
  };
}

function commentOf(projection: Projection, { sources }: WindowedDeclaration): string {
  const events = sources.events.map((event) => event.name).join(', ');
  return `${projection.constructor.name} of reprise: ${events} events by ${sources.keyFields.join(', ')} and window`;
}

/** The hidden table of the keys' baselines, where z-scores are measured. */
function baselineTables(
  { name, version }: TablePlan,
  keys: readonly KeyPlan[],
  measures: readonly MeasurePlan[],
): TablePlan[] {
  if (!measures.some(({ aggregate }) => aggregate === 'zScore')) return [];
  return [
    {
      name: `${name}__baseline`,
      version,
      comment: `running baselines of the keys of ${name}`,
      columns: [
        ...keys.map(keyColumn),
        { name: '_state', type: 'text', nullable: false, role: 'state', comment: 'moments, JSON' },
      ],
      indexes: [],
      view: null,
    },
  ];
}

function windowColumns(window: WindowPlan): ColumnPlan[] {
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
      role: window.kind === 'custom' ? 'key' : 'measure',
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

function closedColumn(): ColumnPlan {
  return {
    name: '_closed',
    type: 'boolean',
    nullable: false,
    role: 'state',
    comment: 'the window is closed, and the row is shown',
  };
}
