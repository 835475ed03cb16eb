import type { KeptOptions, UserAggregate } from './aggregates.ts';

/** A measure as its function made it, not yet believed. */
export interface DeclaredMeasure {
  readonly aggregate: string;
  readonly field?: string;
  readonly options?: KeptOptions;
  readonly parameters?: Readonly<Record<string, number>>;
  readonly define?: UserAggregate<unknown, never, unknown>;
  /** zScore: the measure it judges. */
  readonly of?: string;
}
