import type { TablePlan } from '../projection/plan/table-plan.ts';
import { mergeSql } from './merge-sql.ts';
import { quoted, quotedList, tableName } from './table-name.ts';

/**
 * Returns the query behind a stable view: the visible columns, in the order of the plan. If rows of
 * one key are in several partitions, each column is merged by its aggregate's own merge.
 */
export function viewQuery(plan: TablePlan, isGrown: boolean): string {
  const shown = plan.columns.filter(({ role }) => role !== 'state');
  const from = `from ${tableName(plan)}${rowsShown(plan)}`;
  const merges = plan.view?.isMerged === true || isGrown ? (plan.view?.merges ?? null) : null;
  if (merges === null) return `select ${quotedList(shown.map(({ name }) => name))} ${from}`;
  const keys = shown.filter(({ role }) => role === 'key').map(({ name }) => name);
  const selected = shown.map(({ name, type, role }) => {
    if (role === 'key') return quoted(name);
    const merge = merges.find(({ column }) => column === name);
    if (merge === undefined) throw new TypeError(`no merge for the column ${name}`);
    return `(${mergeSql(merge)})::${type} as ${quoted(name)}`;
  });
  return `select ${selected.join(',\n  ')}\n${from} group by ${quotedList(keys)}`;
}

/**
 * Returns the SQL condition of rows that are shown only once a hidden flag is set: closed windows.
 */
function rowsShown({ view }: TablePlan): string {
  return view === null || view.onlyWhere === null ? '' : ` where ${quoted(view.onlyWhere)}`;
}
