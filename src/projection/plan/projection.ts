import type { ErrorPolicies, ErrorPolicy } from './error-policy.ts';

/**
 * Base class of all projections: a name, a version and a definition. Users extend it through
 * `WindowedProjection`, `SessionProjection`, `PatternProjection` or `TableProjection`. Instances
 * hold no state; `define` must be pure. Inversify injects services into the constructor.
 * @example
 * class Purchases extends WindowedProjection {
 *   readonly name = 'purchases';
 *   readonly version = 1;
 *   override readonly onError = 'quarantineKey';
 *   define() {
 *     return this.from(UserActed).key('userId').window(tumbling('1 day')).measure({ n: count() });
 *   }
 * }
 */
export abstract class Projection {
  /** Name of the read model and of its stable view: `^[a-z_][a-z0-9_]*$`. */
  abstract readonly name: string;
  /**
   * The version, from 1. Raise it whenever `define` changes: a changed shape under an existing
   * version is refused.
   */
  abstract readonly version: number;
  /**
   * What happens to records that cannot be folded, live and in rebuilds. Default: `onError` of the
   * configuration. Not part of the shape: it may change without a new version.
   */
  readonly onError?: ErrorPolicy | Partial<ErrorPolicies>;
  /** Declares the projection. Called once per process. */
  abstract define(): Definition<unknown>;
}

/**
 * The result of `define()`. The type parameter is the row of the stable view, by SQL column names;
 * compile time only.
 */
export interface Definition<Row> {
  readonly kind: string;
  readonly __row?: Row;
}

/** The row type of a projection's stable view. */
export type RowOf<P extends Projection> =
  ReturnType<P['define']> extends Definition<infer Row> ? Row : never;

/** An intersection as one object type, for readable editor tooltips. */
export type Flat<Type> = { [Name in keyof Type]: Type[Name] };
