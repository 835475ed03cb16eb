import { checkOptions } from '../check/check-options.ts';
import type { Fail, StepContext } from '../check/fail-for.ts';
import {
  checkColumns,
  checkIndexes,
  hiddenTableName,
  keyColumn,
  keySteps,
} from '../columns/check-columns.ts';
import { mergedColumns } from '../columns/merged-columns.ts';
import { closedColumn, planColumn, revisedColumn, windowColumns } from '../columns/plan-column.ts';
import { DISORDER_OPTIONS } from '../declare/declared-sources.ts';
import type {
  WindowedDeclaration,
  WindowedDefinition,
  WindowOptions,
} from '../declare/windowed-projection.ts';
import type { KeyPlan, WindowedPlan } from '../plan/plan.ts';
import type { Projection } from '../plan/projection.ts';
import type { TablePlan } from '../plan/table-plan.ts';
import type { WindowPlan } from '../plan/window-plan.ts';
import { checkRowEmissions } from './check-emission.ts';
import { compileMeasures } from './compile-measures.ts';
import { finishedPlan } from './finished-plan.ts';
import {
  eventSplitByKey,
  planDisorder,
  planKeys,
  planSources,
  requireRecordKey,
} from './plan-sources.ts';

/** Compiles the plan of a windowed projection. @throws DEFINITION_INVALID */
export function compileWindowed(
  projection: Projection,
  { declared }: WindowedDefinition<unknown>,
  fail: Fail,
): WindowedPlan {
  const { name, version } = projection;
  const { window, sources: from, emissions, options } = declared;
  const context = { step: '.window(…)', fail };
  const keys = planKeys(from, fail);
  checkWindow(window, context);
  const compiled = compileMeasures(declared.measures, { events: from.events, scores: true }, fail);
  const { measures, accumulators, measureFilters } = compiled;
  const emit = emitOf(options, context);
  const uses = (aggregate: string) => measures.some((measure) => measure.aggregate === aggregate);
  const waits = emit === 'onClose' || emissions.length > 0 || uses('zScore');
  const mergedAtRead = eventSplitByKey(from) !== null;
  if (mergedAtRead && waits) requireRecordKey(from, fail);
  const canMerge = mergedAtRead || !(waits || uses('user'));
  const disorder = planDisorder(options, waits, context);
  const bounds = windowColumns(window);
  const revised = revisedColumn('window');
  const closed = emit === 'onClose' ? [closedColumn()] : [];
  checkColumns([...bounds, revised, ...closed], [...keySteps(keys), ...compiled.steps], fail);
  const columns = [
    ...keys.map(keyColumn),
    ...bounds,
    ...compiled.columns,
    revised,
    ...compiled.stateColumns,
    ...closed,
  ];
  checkRowEmissions(emissions, columns, fail);
  const table: TablePlan = {
    name,
    version,
    comment: commentOf(projection, declared),
    columns,
    indexes: checkIndexes(declared.indexes, columns, { step: '.index(…)', fail }),
    view: {
      onlyWhere: emit === 'onClose' ? '_closed' : null,
      merges: canMerge ? mergedColumns({ compiled, columns, events: from.events }, fail) : null,
      isMerged: mergedAtRead,
    },
  };
  const shape = {
    kind: 'windowed',
    sources: planSources(from, compiled.fieldsOf, fail),
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
  const tables = uses('zScore') ? [table, baselineTable(table, keys, fail)] : [table];
  return finishedPlan(projection, shape, { fail, tables, rebuild: waits ? 'live' : 'partial' });
}

function emitOf(options: WindowOptions, { step, fail }: StepContext): 'update' | 'onClose' {
  checkOptions(options, [...DISORDER_OPTIONS, 'emit'], { step, fail });
  const { emit = 'update' } = options;
  if (emit === 'update' || emit === 'onClose') return emit;
  return fail(step, `emit is 'update' or 'onClose', not ${JSON.stringify(emit)}.`);
}

function commentOf(projection: Projection, { sources }: WindowedDeclaration): string {
  const events = sources.events.map((event) => event.name).join(', ');
  return `${projection.constructor.name} of reprise: ${events} events by ${sources.keyFields.join(', ')} and window`;
}

/**
 * Checks a window. Windows are data and may be written by hand, so this refuses what `tumbling` and
 * the other builders would refuse.
 */
function checkWindow(window: WindowPlan, { step, fail }: StepContext): void {
  const positive = (name: string, ms: number) => {
    if (!(Number.isSafeInteger(ms) && ms > 0)) {
      fail(step, `${name} of the windows is ${ms}; it takes whole milliseconds above zero.`);
    }
  };
  switch (window?.kind) {
    case 'tumbling':
    case 'sliding':
      positive('the size', window.sizeMs);
      if (window.kind === 'sliding') positive('the distance (every)', window.everyMs);
      if (Number.isSafeInteger(window.offsetMs)) return undefined;
      return fail(step, `the offset of the windows is ${window.offsetMs}; it takes milliseconds.`);
    case 'calendar':
    case 'custom':
      return undefined;
    default:
      return fail(step, "takes windows such as tumbling('1 minute').");
  }
}

/** Returns the hidden table of the baselines that z-scores need. */
function baselineTable(table: TablePlan, keys: readonly KeyPlan[], fail: Fail): TablePlan {
  const { name, version } = table;
  return {
    name: hiddenTableName(table, '__baseline', fail),
    version,
    comment: `running baselines of the keys of ${name}`,
    columns: [...keys.map(keyColumn), planColumn('_state', 'text', 'state', 'moments, JSON')],
    indexes: [],
    view: null,
  };
}
