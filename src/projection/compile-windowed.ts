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
  if (mergedAtRead && (waits || window.kind === 'sliding')) requireRecordKey(from, fail);
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
      merged: mergedAtRead ? mergedColumns(compiled, columns, fail) : null,
    },
  };
  const tables = [table, ...stateTables(table, keys, { window, measures, stateColumns: columns })];
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
    rebuild: waits || window.kind === 'sliding' ? 'live' : 'partial',
    replayable: sources.every(({ time }) => time.kind !== 'processing'),
  };
}

function commentOf(projection: Projection, { sources }: WindowedDeclaration): string {
  const events = sources.events.map((event) => event.name).join(', ');
  return `${projection.constructor.name} of reprise: ${events} events by ${sources.keyFields.join(', ')} and window`;
}

/** Hidden tables: panes of sliding windows, baselines of z-scores. */
function stateTables(
  table: TablePlan,
  keys: readonly KeyPlan[],
  parts: {
    readonly window: WindowPlan;
    readonly measures: readonly MeasurePlan[];
    readonly stateColumns: readonly ColumnPlan[];
  },
): TablePlan[] {
  const { name, version } = table;
  const tables: TablePlan[] = [];
  if (parts.window.kind === 'sliding') {
    const scores = new Set(
      parts.measures.flatMap(({ aggregate, column }) => (aggregate === 'zScore' ? [column] : [])),
    );
    tables.push({
      name: `${name}__panes`,
      version,
      comment: `panes that the open windows of ${name} share`,
      columns: [
        ...parts.stateColumns.filter(
          (column) =>
            !scores.has(column.name) && !['revised_at_offset', '_closed'].includes(column.name),
        ),
        {
          name: '_until',
          type: 'timestamptz',
          nullable: false,
          role: 'state',
          comment: 'when the last of its windows closes',
        },
      ],
      indexes: [],
      view: null,
    });
  }
  if (parts.measures.some(({ aggregate }) => aggregate === 'zScore')) {
    tables.push({
      name: `${name}__baseline`,
      version,
      comment: `running baselines of the keys of ${name}`,
      columns: [
        ...keys.map(keyColumn),
        { name: '_state', type: 'text', nullable: false, role: 'state', comment: 'moments, JSON' },
      ],
      indexes: [],
      view: null,
    });
  }
  return tables;
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
