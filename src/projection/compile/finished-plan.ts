import type { Fail } from '../check/fail-for.ts';
import { fingerprintOf } from '../plan/fingerprint-of.ts';
import type { PlanBase, SourcePlan } from '../plan/plan.ts';
import { fieldsOfSource, planShape } from '../plan/plan-shape.ts';
import type { Projection } from '../plan/projection.ts';
import type { TablePlan } from '../plan/table-plan.ts';
import { planCaptures } from './plan-captures.ts';
import { planErrorPolicies } from './plan-error-policies.ts';

/**
 * Completes a plan with its identity, its shape (the part that determines the rows), the
 * fingerprint of the shape, and whether it can be replayed.
 * @throws DEFINITION_INVALID through `fail` for functions without source text
 */
export function finishedPlan<Shape extends { readonly sources: readonly SourcePlan[] }>(
  { name, version, onError }: Projection,
  declared: Shape,
  of: {
    readonly fail: Fail;
    /** The first table is the one behind the stable view. */
    readonly tables: readonly TablePlan[];
    readonly rebuild: PlanBase['rebuild'];
    /**
     * The part of the tables that belongs to the shape. Default: the columns of the first table.
     */
    readonly columns?: unknown;
  },
): Shape &
  Pick<
    PlanBase,
    | 'name'
    | 'version'
    | 'shape'
    | 'fingerprint'
    | 'captures'
    | 'table'
    | 'tables'
    | 'rebuild'
    | 'onError'
    | 'replayable'
  > {
  const { tables, rebuild } = of;
  const [table] = tables as readonly [TablePlan];
  const captures = planCaptures(declared, of.fail);
  const sources = declared.sources.map((source, i): SourcePlan => {
    const reads = fieldsOfSource(declared, source, i);
    return reads === null ? source : { ...source, reads };
  });
  const plan = { ...declared, sources };
  const shape = planShape({ ...plan, name, columns: of.columns ?? table.columns });
  return {
    name,
    version,
    ...plan,
    shape,
    fingerprint: fingerprintOf(shape),
    captures,
    table,
    tables,
    rebuild,
    onError: planErrorPolicies(onError, of.fail),
    replayable: sources.every(({ time }) => time.kind !== 'processing'),
  };
}
