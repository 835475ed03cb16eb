import type { Fail } from './definition-fault.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { PlanBase, SourcePlan } from './plan.ts';
import { planErrorPolicies } from './plan-error-policies.ts';
import type { Projection } from './projection.ts';
import type { TablePlan } from './table-plan.ts';

/** A plan from what was declared: with its identity, the fingerprint of its shape and its columns, and whether it can be replayed. */
export function finishedPlan<Shape extends { readonly sources: readonly SourcePlan[] }>(
  { name, version, onError }: Projection,
  shape: Shape,
  of: {
    readonly fail: Fail;
    /** The first is the one behind the stable view. */
    readonly tables: readonly TablePlan[];
    readonly rebuild: PlanBase['rebuild'];
    /** What of the tables counts as shape. Default: the first one's columns. */
    readonly columns?: unknown;
  },
): Shape &
  Pick<
    PlanBase,
    'name' | 'version' | 'fingerprint' | 'table' | 'tables' | 'rebuild' | 'onError' | 'replayable'
  > {
  const { tables, rebuild } = of;
  const [table] = tables as readonly [TablePlan];
  return {
    name,
    version,
    ...shape,
    fingerprint: fingerprintOf({ ...shape, name, columns: of.columns ?? table.columns }),
    table,
    tables,
    rebuild,
    onError: planErrorPolicies(onError, of.fail),
    replayable: shape.sources.every(({ time }) => time.kind !== 'processing'),
  };
}
