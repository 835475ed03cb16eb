import type { ErrorPolicies, ErrorPolicy } from './error-policy.ts';

/**
 * What users extend, through `WindowedProjection`: a name, a version, and what to keep. Instances
 * hold no state; `define` must be pure. Services come in through the constructor, by inversify
 * tokens.
 */
export abstract class Projection {
  /** Name of the read model and of its stable view: `^[a-z_][a-z0-9_]*$`. */
  abstract readonly name: string;
  /**
   * From 1. Raise it whenever `define` changes: a changed shape under an old version is refused.
   */
  abstract readonly version: number;
  /**
   * What becomes of records that cannot be folded, live and in rebuilds. Default: `onError` of the
   * configuration. No part of the shape: may change without a new version.
   */
  readonly onError?: ErrorPolicy | Partial<ErrorPolicies>;
  /** Declares the projection. Called once per process. */
  abstract define(): Definition<unknown>;
}

/**
 * What `define()` returns. The type parameter is the row of the stable view, by SQL column names;
 * compile time only.
 */
export interface Definition<Row> {
  readonly kind: string;
  readonly __row?: Row;
}

/** The row type of a projection's stable view. */
export type RowOf<P extends Projection> =
  ReturnType<P['define']> extends Definition<infer Row> ? Row : never;

/** Intersections as one object type, as editors show it. */
export type Flat<Type> = { [Name in keyof Type]: Type[Name] };
