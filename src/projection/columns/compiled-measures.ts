import type { EventDefinition } from '../../event/event-definition.ts';
import type { Field } from '../../event/field-type.ts';
import type { UserAggregate } from '../declare/aggregates.ts';
import type { AccumulatorPlan, MeasureFilterPlan, MeasurePlan, StatePlan } from '../plan/plan.ts';
import type { ColumnPlan } from '../plan/table-plan.ts';
import type { DeclaringStep } from './check-columns.ts';

/** A measure with the results of compiling it. */
export interface CompiledMeasure {
  readonly plan: MeasurePlan;
  readonly field: Field | null;
  /** True if a row may exist without a value for this measure. */
  readonly nullable: boolean;
  readonly state: StatePlan | null;
  readonly userColumn: UserAggregate<unknown, never, unknown>['column'] | null;
}

/** Compiled measures: stored columns, visible columns, and the event fields that they need. */
export interface CompiledMeasures {
  readonly measures: readonly MeasurePlan[];
  readonly accumulators: readonly AccumulatorPlan[];
  readonly measureFilters: readonly MeasureFilterPlan[];
  /** Visible columns, in the order declared. */
  readonly columns: readonly ColumnPlan[];
  /** Hidden columns of the accumulators. */
  readonly stateColumns: readonly ColumnPlan[];
  /** The columns that each measure declares. */
  readonly steps: readonly DeclaringStep[];
  /** Returns the fields of a source that measures read. */
  readonly fieldsOf: (event: EventDefinition, source: number) => readonly string[];
}
