import type { Fail } from '../check/fail-for.ts';
import type { KeyPlan, MeasurePlan } from '../plan/plan.ts';
import { planColumn } from '../plan/plan-column.ts';
import type { TablePlan } from '../plan/table-plan.ts';
import { hiddenTableName, keyColumn } from './check-columns.ts';

/** Returns the hidden table of the keys' baselines if a measure is a z-score; otherwise none. */
export function baselineTables(
  { name, version }: TablePlan,
  of: { readonly keys: readonly KeyPlan[]; readonly measures: readonly MeasurePlan[] },
  fail: Fail,
): readonly TablePlan[] {
  if (!of.measures.some(({ aggregate }) => aggregate === 'zScore')) return [];
  return [
    {
      name: hiddenTableName({ name, version }, '__baseline', fail),
      version,
      comment: `running baselines of the keys of ${name}`,
      columns: [...of.keys.map(keyColumn), planColumn('_state', 'text', 'state', 'moments, JSON')],
      indexes: [],
      view: null,
    },
  ];
}
