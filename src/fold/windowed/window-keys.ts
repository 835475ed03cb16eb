import type { ColumnValues, RowSet } from '../../projection/plan/row-set.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import type { Keys } from '../rows/keys.ts';

/** Windows of keys: entry i is the window [starts[i], ends[i]) of the key ids[i]. */
interface KeyedWindows {
  readonly ids: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Returns the key columns of the rows of these windows, as the table has them. */
export function windowKeys(table: TablePlan, keys: Keys, windows: KeyedWindows): RowSet {
  const columns = new Map<string, ColumnValues>(keys.columns(Int32Array.from(windows.ids)));
  for (const [name, times] of [
    ['window_start', windows.starts],
    ['window_end', windows.ends],
  ] as const) {
    columns.set(name, { type: 'timestamptz', values: Float64Array.from(times), present: null });
  }
  const named = table.columns.filter(({ role }) => role === 'key');
  return {
    count: windows.ids.length,
    columns: named.map(({ name }) => columns.get(name) as ColumnValues),
  };
}
