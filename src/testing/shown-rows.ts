import { rowObject } from '../fold/rows/to-column-values.ts';
import type { Plan } from '../projection/plan/plan.ts';
import type { ColumnValues, RowSet } from '../projection/plan/row-set.ts';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import { mergeRows } from './memory-task.ts';

/**
 * The rows that the stable view of a table shows, sorted by key. `perTask`: what the task of each
 * partition stores.
 */
export function shownRows(
  plan: Plan,
  table: TablePlan,
  perTask: readonly RowSet[],
): readonly Record<string, unknown>[] {
  const merged = table.view?.isMerged !== true ? perTask : [mergeRows(plan, table, perTask)];
  const rows = merged.flatMap((set) => visible(table, set));
  const keys = table.columns.filter(({ role }) => role === 'key').map(({ name }) => name);
  return rows.sort((a, b) => {
    for (const key of keys) {
      const order = compare(a[key], b[key]);
      if (order !== 0) return order;
    }
    return 0;
  });
}

function visible(table: TablePlan, set: RowSet): Record<string, unknown>[] {
  const flag = table.columns.findIndex(({ name }) => name === table.view?.onlyWhere);
  const shown: ColumnValues | undefined = set.columns[flag];
  return Array.from({ length: set.count }, (_, i) => i)
    .filter((i) => shown?.type !== 'boolean' || shown.values[i] === 1)
    .map((i) => rowObject(table, set, i));
}

function compare(a: unknown, b: unknown): number {
  const [x, y] = [a, b].map((value) => (value instanceof Date ? value.getTime() : value)) as [
    number,
    number,
  ];
  return x < y ? -1 : x > y ? 1 : 0;
}
