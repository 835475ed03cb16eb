import type { CompiledMeasures } from './compile-measures.ts';
import type { Fail } from './definition-fault.ts';
import type { ColumnMerge, ColumnPlan } from './table-plan.ts';

/** How the stable view merges the rows of several partitions, column by column. @throws DEFINITION_INVALID for aggregates that only the fold can merge */
export function mergedColumns(
  { measures, accumulators }: CompiledMeasures,
  columns: readonly ColumnPlan[],
  fail: Fail,
): ColumnMerge[] {
  const merges = measures.map(({ name, column, aggregate, field, filter }): ColumnMerge => {
    const of = (kind: string) =>
      accumulators.find(
        (each) => each.kind.startsWith(kind) && each.field === field && each.filter === filter,
      );
    const sum = of('sum');
    const counted =
      of('count') ??
      accumulators.find(
        (each) => each.kind === 'count' && each.field === null && each.filter === filter,
      );
    const counts = counted?.kind === 'count' ? [counted.column] : [];
    switch (aggregate) {
      case 'count':
        return { column, merge: 'sum', from: counts };
      case 'min':
      case 'max':
        return { column, merge: aggregate, from: [column] };
      case 'sum':
      case 'avg':
        if (sum?.kind === 'sumInteger') {
          return {
            column,
            merge: aggregate === 'sum' ? 'sum' : 'avgInteger',
            from: [sum.column, ...counts],
          };
        }
        if (sum?.kind === 'sumDouble') {
          const parts = [sum.hi, sum.lo, sum.rest];
          return {
            column,
            merge: aggregate === 'sum' ? 'sumDouble' : 'avgDouble',
            from: [...parts, ...counts],
          };
        }
        return fail(`.measure({ ${name} })`, 'has no sum.');
      default:
        return fail(
          `.measure({ ${name} })`,
          `${aggregate} cannot be merged when read, and the key does not contain the record key, so events of one row lie in several partitions. Add the record key to .key(…), or keep count, sum, avg, min and max.`,
        );
    }
  });
  const own = columns.some(({ name }) => name === 'revised_at_offset');
  return own
    ? [...merges, { column: 'revised_at_offset', merge: 'max', from: ['revised_at_offset'] }]
    : merges;
}
