import { createHash } from 'node:crypto';

/** A deterministic id: 22 letters and digits of the SHA-256 of the parts. The same parts give the same id in every replay and version. */
export function emissionId(...parts: readonly (string | number | bigint)[]): string {
  return createHash('sha256')
    .update(JSON.stringify(parts.map(String)))
    .digest('base64url')
    .slice(0, 22);
}
