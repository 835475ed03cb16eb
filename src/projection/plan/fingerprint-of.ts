import { createHash } from 'node:crypto';
import type { Json, PlanShape } from './shape-format.ts';

/**
 * Returns the SHA-256 of a shape. It changes exactly when `shapeDifferences` finds a difference,
 * and does not depend on the order of keys.
 */
export function fingerprintOf(shape: PlanShape): string {
  return createHash('sha256')
    .update(canonical({ format: shape.format, parts: shape.parts }))
    .digest('hex');
}

function canonical(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(',')}]`;
  const entries = Object.entries(value as { readonly [key: string]: Json })
    // The text of a function is displayed, not compared.
    .filter(([key]) => key !== 'text' || !('computes' in value))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}
