import { isSealed, type KeyRing, openValue } from './pii-envelope.ts';
import type { PiiField } from './pii-fields.ts';

/**
 * Decrypts the `pii` values of a decoded event, in place. Values that were never encrypted stay
 * unchanged. @throws UNKNOWN_DATA_KEY, DECODE_FAILED
 */
export function openEvent(event: unknown, fields: readonly PiiField[], keys: KeyRing): unknown {
  const values = event as Record<string, unknown>;
  for (const { name, kind } of fields) {
    const given = values[name];
    if (typeof given !== 'string' && !Buffer.isBuffer(given)) continue;
    const bytes = Buffer.from(given as string);
    if (!isSealed(bytes, 0, bytes.length)) continue;
    const opened = openValue(bytes, 0, bytes.length, keys);
    values[name] = kind === 'string' ? opened.toString('utf8') : opened;
  }
  return values;
}
