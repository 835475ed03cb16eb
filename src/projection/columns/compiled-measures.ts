import type { EventDefinition } from '../../event/event-definition.ts';
import type { AccumulatorPlan, MeasureFilterPlan, MeasurePlan } from '../plan/plan.ts';
import type { ColumnPlan } from '../plan/table-plan.ts';
import type { DeclaringStep } from './check-columns.ts';

/** Measures compiled: what is kept, what is shown, and which fields of which events that needs. */
export interface CompiledMeasures {
  readonly measures: readonly MeasurePlan[];
  readonly accumulators: readonly AccumulatorPlan[];
  readonly measureFilters: readonly MeasureFilterPlan[];
  /** Shown columns, in the order declared. */
  readonly columns: readonly ColumnPlan[];
  /** Hidden columns of the accumulators. */
  readonly stateColumns: readonly ColumnPlan[];
  /** Which measure declares which columns. */
  readonly steps: readonly DeclaringStep[];
  /** Fields of a source that measures read. */
  readonly fieldsOf: (event: EventDefinition, source: number) => readonly string[];
}
