/** Compatibility levels as Confluent's registry names them. */
export const COMPATIBILITY_LEVELS = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;

/** One of those levels. */
export type CompatibilityLevel = (typeof COMPATIBILITY_LEVELS)[number];
