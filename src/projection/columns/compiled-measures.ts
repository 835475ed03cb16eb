import type { EventDefinition } from '../../event/event-definition.ts';
import type { AccumulatorPlan, MeasureFilterPlan, MeasurePlan } from '../plan/plan.ts';
import type { ColumnPlan } from '../plan/table-plan.ts';
import type { DeclaringStep } from './check-columns.ts';

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
