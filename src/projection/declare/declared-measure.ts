import type { KeptOptions, UserAggregate } from './aggregates.ts';

/** A measure as its function created it, before it is validated. */
export interface DeclaredMeasure {
  readonly aggregate: string;
  readonly field?: string;
  readonly options?: KeptOptions;
  readonly parameters?: Readonly<Record<string, number>>;
  readonly define?: UserAggregate<unknown, never, unknown>;
  /** zScore: the measure that it scores. */
  readonly of?: string;
}
