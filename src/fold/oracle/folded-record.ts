import type { EventDefinition } from '../../event/event-definition.ts';
import { publishedIn } from '../../log/published-headers.ts';
import type { LogRecord } from '../../log/record-batch.ts';
import type { KeyPlan, SourcePlan } from '../../projection/plan/plan.ts';
import { EARLIEST_MS, KEY_TEXT_BYTES_MAX } from '../rows/postgres-limits.ts';

/**
 * A record with its event: the plain values of `FieldType`; null for a tombstone, an Error if the
 * value could not be decoded.
 */
export interface FoldedRecord {
  readonly record: Pick<LogRecord, 'topic' | 'partition' | 'offset' | 'timestampMs'> &
    Partial<Pick<LogRecord, 'key' | 'headers'>>;
  readonly event: unknown;
  /**
   * The event's definition, if its topic has several. Default: the plan's first event of that
   * topic.
   */
  readonly of?: EventDefinition;
}

/** A tick of a partition, as its owner journaled it. */
export interface FoldedTick {
  readonly tick: { readonly partition: number; readonly quietMs: number };
}

/** Returns the watermark after a tick. */
export function watermarkAfter(
  tick: FoldedTick['tick'],
  latestMs: number,
  latenessMs: number,
): number {
  return latestMs + tick.quietMs - latenessMs;
}

/**
 * Returns the watermark after a record: its time, or the watermark in its relay's header if that is
 * less.
 */
export function watermarkBy(
  { timestampMs, headers = [] }: FoldedRecord['record'],
  timeMs: number,
  latenessMs: number,
): number {
  const published = publishedIn(headers);
  if (published === null) return timeMs - latenessMs;
  const { watermarkMs } = published;
  if (watermarkMs === null) return EARLIEST_MS;
  const reachedMs = Math.min(timeMs, watermarkMs - Math.max(0, timestampMs - timeMs));
  return Math.max(EARLIEST_MS, reachedMs - latenessMs);
}

/**
 * A row of the stable view, by SQL column names, typed as typed queries return it, with its
 * partition.
 */
export type InterpretedRow = Readonly<Record<string, unknown>> & { readonly _partition: number };

type Values = Readonly<Record<string, unknown>>;

/** A part of a key in the interpreted folds. */
export type KeyPart = string | number | bigint | boolean;

/** True for an event; false for a tombstone or a failure. */
export function isEvent(event: unknown): event is Values {
  return typeof event === 'object' && event !== null && !(event instanceof Error);
}

/**
 * Returns the event time by the plan, in whole milliseconds; the record's timestamp if that field
 * is null.
 */
export function eventTimeMs({ time }: SourcePlan, event: Values, recordMs: number): number {
  const value = time.kind === 'field' ? event[time.field] : null;
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'bigint')
    return Number((value - (((value % 1000n) + 1000n) % 1000n)) / 1000n);
  return recordMs;
}

/**
 * Returns the key; null if a part is null or Postgres cannot hold it. Bytes that are not UTF-8 were
 * decoded as U+FFFD.
 */
export function keyOf(keys: readonly KeyPlan[], event: Values): readonly KeyPart[] | null {
  const parts: KeyPart[] = [];
  let textBytes = 0;
  for (const { field, type } of keys) {
    const part = (event[field] ?? null) as KeyPart | null;
    if (part === null) return null;
    if (type.kind === 'date' && Date.parse(`${String(part)}T00:00:00Z`) < EARLIEST_MS) return null;
    if (type.kind !== 'date' && typeof part === 'string') {
      if (/[\0\ufffd]/.test(part)) return null;
      textBytes += Buffer.byteLength(part);
    }
    parts.push(part);
  }
  return textBytes > KEY_TEXT_BYTES_MAX ? null : parts;
}
