/**
 * Raised when shapes are written in another way, so that those of older releases cannot be
 * compared.
 */
export const SHAPE_FORMAT = 1;

/** Plain data that JSON keeps as it is. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/**
 * What decides over the rows of a version. Versions with equal shapes give equal rows for the same
 * events.
 */
export interface PlanShape {
  readonly format: number;
  readonly parts: Json;
}
