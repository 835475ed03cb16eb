import type { EventDefinition } from '../../event/event-definition.ts';
import type { Fail } from '../check/fail-for.ts';
import type { AccumulatorPlan, MeasurePlan } from '../plan/plan.ts';
import type { ColumnMerge, ColumnPlan } from '../plan/table-plan.ts';
import type { CompiledMeasures } from './compiled-measures.ts';

/** The input of `mergedColumns`. */
interface MergedFrom {
  readonly compiled: CompiledMeasures;
  readonly columns: readonly ColumnPlan[];
  readonly events: readonly EventDefinition[];
}

/**
 * Returns how the stable view merges the rows of several partitions, column by column. @throws
 * DEFINITION_INVALID for aggregates that only the fold can merge
 */
export function mergedColumns(
  { compiled, columns, events }: MergedFrom,
  fail: Fail,
): readonly ColumnMerge[] {
  const { measures, accumulators } = compiled;
  const merges = measures.flatMap((measure) => mergesOf(measure, accumulators, events, fail));
  const same = ['window_end', 'revised_at_offset'].filter((name) =>
    columns.some((column) => column.name === name && column.role === 'measure'),
  );
  return [...merges, ...same.map((name) => plain(name, 'max', [name]))];
}

function mergesOf(
  measure: MeasurePlan,
  accumulators: readonly AccumulatorPlan[],
  events: readonly EventDefinition[],
  fail: Fail,
): ColumnMerge[] {
  const { name, column, aggregate, exactColumn } = measure;
  switch (aggregate) {
    case 'count':
      return [plain(column, 'sum', countColumns(measure, accumulators))];
    case 'min':
    case 'max':
      return [plain(column, aggregate, extremeColumns(measure, accumulators))];
    case 'sum':
    case 'avg':
      return [sumMerge(measure, accumulators)];
    case 'user':
    case 'zScore':
      return fail(
        `.measure({ ${name} })`,
        `${aggregate === 'user' ? 'aggregate(…)' : aggregate} cannot be merged when read: its functions are TypeScript, and the view is SQL. The key does not contain the record key, so events of one row lie in several partitions. Add the record key to .key(…), or choose one of the other aggregates.`,
      );
    default: {
      const state = measure.state as string;
      const from = ['first', 'last', 'collect'].includes(aggregate) ? [column, state] : [state];
      const parameters = parametersOf(measure, events);
      const own: ColumnMerge = { column, merge: aggregate, from, parameters };
      if (exactColumn === null) return [own];
      const limit = parameters.slice(-1);
      return [
        own,
        {
          column: exactColumn,
          merge: aggregate === 'topK' ? 'topKExact' : 'countDistinctExact',
          from,
          parameters: limit,
        },
      ];
    }
  }
}

function plain(column: string, merge: ColumnMerge['merge'], from: readonly string[]): ColumnMerge {
  return { column, merge, from, parameters: [] };
}

/** Returns the parameters of a merge's SQL besides the state; limits of exactness come last. */
function parametersOf(
  { aggregate, field, parameters }: MeasurePlan,
  events: readonly EventDefinition[],
): readonly (number | string)[] {
  const number = (name: string) => parameters[name] as number;
  const type = events.flatMap((event) => event.fields).find((each) => each.name === field)
    ?.type ?? { kind: 'double' };
  const scale = type.kind === 'decimal' ? type.scale : 0;
  switch (aggregate) {
    case 'collect':
      return [number('n')];
    case 'countDistinct':
      return [number('exactUpTo')];
    case 'topK':
      return [number('k'), type.kind, scale, number('distinctUpTo')];
    case 'quantile':
      return [number('q'), number('relativeError')];
    case 'variance':
    case 'stddev':
      return [scale];
    default:
      return [];
  }
}

function sumMerge(measure: MeasurePlan, accumulators: readonly AccumulatorPlan[]): ColumnMerge {
  const { column, aggregate } = measure;
  const sum = accumulators.find((each) => each.kind.startsWith('sum') && isOf(measure, each));
  const counts = aggregate === 'avg' ? countColumns(measure, accumulators) : [];
  if (sum?.kind === 'sumInteger') {
    const merge = aggregate === 'avg' ? 'avgInteger' : 'sum';
    return plain(column, merge, [sum.column, ...counts]);
  }
  if (sum?.kind !== 'sumDouble') throw new TypeError(`no sum for ${column}`);
  const merge = aggregate === 'avg' ? 'avgDouble' : 'sumDouble';
  return plain(column, merge, [sum.hi, sum.lo, sum.rest, ...counts]);
}

/** Returns the count of the field's values, or of all events if the field is never null. */
function countColumns(
  measure: MeasurePlan,
  accumulators: readonly AccumulatorPlan[],
): readonly string[] {
  const counts = accumulators.filter(
    (each) => each.kind === 'count' && each.filter === measure.filter,
  );
  const found =
    counts.find(({ field }) => field === measure.field) ??
    counts.find(({ field }) => field === null);
  return found?.kind === 'count' ? [found.column] : [];
}

/** Returns the columns of an extreme. Two measures may share one extreme; either column will do. */
function extremeColumns(
  measure: MeasurePlan,
  accumulators: readonly AccumulatorPlan[],
): readonly string[] {
  const found = accumulators.find((each) => each.kind === measure.aggregate && isOf(measure, each));
  return found === undefined || !('column' in found) ? [measure.column] : [found.column];
}

function isOf({ field, filter }: MeasurePlan, accumulator: AccumulatorPlan): boolean {
  return accumulator.field === field && accumulator.filter === filter;
}
