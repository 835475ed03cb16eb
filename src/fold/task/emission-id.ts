import { createHash } from 'node:crypto';
import type { EmissionPlan } from '../../projection/plan/plan.ts';

/**
 * Computes a deterministic id: 22 letters and digits of the SHA-256 of the parts. The same parts
 * give the same id in every replay and version.
 */
export function emissionId(...parts: readonly (string | number | bigint)[]): string {
  return createHash('sha256')
    .update(JSON.stringify(parts.map(String)))
    .digest('base64url')
    .slice(0, 22);
}

/**
 * Returns the number of earlier emissions that publish the same event on the same occasion: a part
 * of the id; empty for the first.
 */
export function timesBefore(emissions: readonly EmissionPlan[], i: number): readonly number[] {
  const { on, event } = emissions[i] as EmissionPlan;
  const before = emissions
    .slice(0, i)
    .filter((each) => each.on === on && each.event.name === event.name);
  return before.length === 0 ? [] : [before.length];
}
