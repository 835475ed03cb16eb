/** Incremented when the format of shapes changes; shapes of older formats cannot be compared. */
export const SHAPE_FORMAT = 1;

/** Plain data that JSON preserves. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/**
 * The part of a version that determines its rows. Versions with equal shapes produce equal rows
 * from the same events.
 */
export interface PlanShape {
  readonly format: number;
  readonly parts: Json;
}
