import type { TablePlan } from '../projection/plan/table-plan.ts';
import { mergeSql } from './merge-sql.ts';
import { quoted, quotedList, tableName } from './table-name.ts';

/**
 * The query behind a stable view: the shown columns, in the order of the plan. Where rows of one
 * key lie in several partitions, they are merged, each column by its aggregate's own merge.
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

/** Rows that are shown only once a hidden flag is set: closed windows. */
function rowsShown({ view }: TablePlan): string {
  return view === null || view.onlyWhere === null ? '' : ` where ${quoted(view.onlyWhere)}`;
}
