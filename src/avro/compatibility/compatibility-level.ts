/** Compatibility levels of Confluent's registry. */
export const COMPATIBILITY_LEVELS = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;

/** A compatibility level. */
export type CompatibilityLevel = (typeof COMPATIBILITY_LEVELS)[number];
