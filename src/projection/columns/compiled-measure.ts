import type { Field } from '../../event/field-type.ts';
import type { UserAggregate } from '../declare/aggregates.ts';
import type { MeasurePlan, StatePlan } from '../plan/plan.ts';

/** A measure with the results of compiling it. */
export interface CompiledMeasure {
  readonly plan: MeasurePlan;
  readonly field: Field | null;
  /** True if a row may exist without a value for this measure. */
  readonly nullable: boolean;
  readonly state: StatePlan | null;
  readonly userColumn: UserAggregate<unknown, never, unknown>['column'] | null;
}
