import { createHash } from 'node:crypto';
import { functionText } from './function-text.ts';

/**
 * SHA-256 over a shape, independent of the order of keys. Functions count by their text as far as compilers leave it alone, events by what they are read as: a schema that merely
 * gained documentation still has another text, and so asks for a new version; that is the safe side.
 */
export function fingerprintOf(shape: unknown): string {
  return createHash('sha256').update(canonical(shape)).digest('hex');
}

function canonical(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (typeof value === 'function') return `function ${functionText(value as () => unknown)}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
  }
  return `${typeof value} ${String(value)}`;
}
