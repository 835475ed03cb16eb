import { baselineTables } from './baseline-table.ts';
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
import { finishedPlan } from './finished-plan.ts';
import { mergedColumns } from './merged-columns.ts';
import type { WindowedPlan } from './plan.ts';
import { revisedColumn } from './plan-column.ts';
import type { Projection } from './projection.ts';
import type { TablePlan } from './table-plan.ts';
import { closedColumn, windowColumns } from './window-columns.ts';
import type { WindowedDeclaration, WindowedDefinition } from './windowed-projection.ts';

const STEP = '.window(…)';
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
  if (!WINDOWS.has(window?.kind)) fail(STEP, "takes windows such as tumbling('1 minute').");
  const leading = [...keys.map(keyColumn), ...windowColumns(window)];
  const revised = revisedColumn('window');
  const reserved = [...leading, revised].map((column) => column.name);
  const compiled = compileMeasures(declared.measures, from.events, reserved, fail);
  const { measures, accumulators, measureFilters } = compiled;
  const emit = options.emit ?? 'update';
  if (emit !== 'update' && emit !== 'onClose') fail(STEP, "emit is 'update' or 'onClose'.");
  const waits =
    emit === 'onClose' ||
    emissions.length > 0 ||
    measures.some(({ aggregate }) => aggregate === 'zScore');
  const mergedAtRead = eventSplitByKey(from) !== null;
  if (mergedAtRead && waits) requireRecordKey(from, fail);
  const disorder = planDisorder(options, waits, { step: STEP, fail });
  const columns = [
    ...leading,
    ...compiled.columns,
    revised,
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
  const tables = [table, ...baselineTables(table, { keys, measures }, fail)];
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
  return finishedPlan(projection, shape, { tables, rebuild: waits ? 'live' : 'partial' });
}

function commentOf(projection: Projection, { sources }: WindowedDeclaration): string {
  const events = sources.events.map((event) => event.name).join(', ');
  return `${projection.constructor.name} of reprise: ${events} events by ${sources.keyFields.join(', ')} and window`;
}
