import type { EventDefinition } from './event-definition.ts';

/** Returns the record key of an event: its key field as UTF-8 text; null if it has no key. */
export function recordKeyOf(event: EventDefinition, value: unknown): Buffer | null {
  const key = event.keyField === undefined ? null : fieldOf(value, event.keyField);
  if (key === null || key === undefined) return null;
  return Buffer.isBuffer(key) ? key : Buffer.from(String(key));
}

/**
 * Returns the record timestamp of an event: its time field, in milliseconds; undefined if it has
 * none.
 */
export function recordTimeOf(event: EventDefinition, value: unknown): number | undefined {
  const time = event.timeField === undefined ? null : fieldOf(value, event.timeField);
  if (time instanceof Date) return time.getTime();
  if (typeof time === 'bigint') return Number(time / 1000n);
  return typeof time === 'string' ? Date.parse(time) : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[name];
}
