import { createHash } from 'node:crypto';
import type { Json, PlanShape } from './shape-format.ts';

/**
 * SHA-256 of a shape: changes exactly when `shapeDifferences` finds one. Independent of the order
 * of keys.
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
    // The text of a function is shown, not compared.
    .filter(([key]) => key !== 'text' || !('computes' in value))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}
