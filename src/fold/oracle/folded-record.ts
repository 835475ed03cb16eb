import type { EventDefinition } from '../../event/event-definition.ts';
import { publishedIn } from '../../log/published-headers.ts';
import type { LogRecord } from '../../log/record-batch.ts';
import type { KeyPlan, SourcePlan } from '../../projection/plan/plan.ts';
import { EARLIEST_MS, KEY_TEXT_BYTES_MAX } from '../rows/postgres-limits.ts';

/**
 * A record with its event: the plain values of `FieldType`; null for a tombstone, an Error where
 * the value could not be decoded.
 */
export interface FoldedRecord {
  readonly record: Pick<LogRecord, 'topic' | 'partition' | 'offset' | 'timestampMs'> &
    Partial<Pick<LogRecord, 'key' | 'headers'>>;
  readonly event: unknown;
  /**
   * Which event it is, where several lie on its topic; default: the first of the plan's on that
   * topic.
   */
  readonly of?: EventDefinition;
}

/** Silence of a partition, as its owner journaled it. */
export interface FoldedTick {
  readonly tick: { readonly partition: number; readonly quietMs: number };
}

/** The watermark that a tick makes. */
export function watermarkAfter(
  tick: FoldedTick['tick'],
  latestMs: number,
  latenessMs: number,
): number {
  return latestMs + tick.quietMs - latenessMs;
}

/**
 * The watermark that a record makes: its time, or what its relay said of those behind it where that
 * is less.
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
 * A row of the stable view, by SQL column names, typed as typed queries give it; besides, the
 * partition that it comes from.
 */
export type InterpretedRow = Readonly<Record<string, unknown>> & { readonly _partition: number };

type Values = Readonly<Record<string, unknown>>;

/** A part of a key as the plain folds see it. */
export type KeyPart = string | number | bigint | boolean;

/** An event, not a tombstone or a failure. */
export function isEvent(event: unknown): event is Values {
  return typeof event === 'object' && event !== null && !(event instanceof Error);
}

/**
 * What the plan says is the event time, in whole milliseconds; the record's timestamp where that
 * field is null.
 */
export function eventTimeMs({ time }: SourcePlan, event: Values, recordMs: number): number {
  const value = time.kind === 'field' ? event[time.field] : null;
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'bigint')
    return Number((value - (((value % 1000n) + 1000n) % 1000n)) / 1000n);
  return recordMs;
}

/**
 * Null when a part is null or the key is not what Postgres can hold; bytes that are not UTF-8 were
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
