import type { EventDefinition } from '../event/event-definition.ts';
import type { FieldType } from '../event/field-type.ts';
import type { FilterPlan } from './filter.ts';
import type { TablePlan } from './table-plan.ts';
import type { TumblingWindow } from './window.ts';

/**
 * The executable form of a windowed projection: data, so that it can be printed, compared and fingerprinted. Made by `compileProjection`.
 */
export interface WindowedPlan {
  readonly kind: 'windowed';
  readonly name: string;
  readonly version: number;
  /** SHA-256 of the declared shape: changes exactly when the rows may come out differently. */
  readonly fingerprint: string;
  readonly sources: readonly SourcePlan[];
  readonly keys: readonly KeyPlan[];
  readonly window: TumblingWindow;
  readonly latenessMs: number;
  readonly late: 'revise';
  readonly maxDriftMs: number;
  /** State kept per row. Measures that need the same state share it. */
  readonly accumulators: readonly AccumulatorPlan[];
  readonly measures: readonly MeasurePlan[];
  readonly table: TablePlan;
  readonly replayable: true;
}

/** One kind of event that the projection folds. */
export interface SourcePlan {
  readonly event: EventDefinition;
  /** All must hold; empty: every event. */
  readonly where: readonly FilterPlan[];
  /** The fields that the decoder must materialise, in the order of the fold's columns. */
  readonly fields: readonly string[];
}

/** One part of the key and its column. */
export interface KeyPlan {
  readonly field: string;
  readonly column: string;
  readonly type: FieldType;
}

/**
 * What is kept per row to go on folding, each in columns of the table:
 * - `count`: events, or, with `field`, those whose field is not null;
 * - `sumDouble`: an exact sum as `hi` (the sum, rounded once), `lo` and `rest` (what rounding left over);
 * - `sumInteger`: an exact integer sum (longs, unscaled decimals);
 * - `min`, `max`: the extreme value.
 * Those over a nullable field are NULL while the count of that field is 0.
 */
export type AccumulatorPlan =
  | { readonly kind: 'count'; readonly field: string | null; readonly column: string }
  | {
      readonly kind: 'sumDouble';
      readonly field: string;
      readonly hi: string;
      readonly lo: string;
      readonly rest: string;
    }
  | { readonly kind: 'sumInteger'; readonly field: string; readonly column: string }
  | { readonly kind: 'min' | 'max'; readonly field: string; readonly column: string };

/** A declared measure. Where its column is not an accumulator's own, it is computed when the row is written: `avg`. */
export interface MeasurePlan {
  readonly name: string;
  readonly column: string;
  readonly aggregate: 'count' | 'sum' | 'avg' | 'min' | 'max';
  readonly field: string | null;
}
