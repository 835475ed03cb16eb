import type { LogRecord } from '../log/record-batch.ts';
import type { KeyPlan, Plan, SourcePlan, WindowedPlan } from '../projection/plan.ts';
import { meetsAll } from './interpreted-filter.ts';
import { measureOf } from './interpreted-measure.ts';
import { compareValues } from './interpreted-order.ts';
import { EARLIEST_MS, KEY_TEXT_BYTES_MAX, LATEST_MS } from './postgres-limits.ts';
import { tumblingOf } from './write-rows.ts';

/** A record with its event: the plain values of `FieldType`; null for a tombstone, an Error where the value could not be decoded. */
export interface FoldedRecord {
  readonly record: Pick<LogRecord, 'topic' | 'partition' | 'offset' | 'timestampMs'>;
  readonly event: unknown;
}

/** A row of the stable view, by SQL column names, typed as typed queries give it; besides, the partition that it comes from. */
export type InterpretedRow = Readonly<Record<string, unknown>> & { readonly _partition: number };

type Values = Readonly<Record<string, unknown>>;
type KeyPart = string | number | bigint | boolean;

/** One row to be: its events in log order. */
interface Group {
  readonly partition: number;
  readonly key: readonly KeyPart[];
  readonly windowStartMs: number;
  readonly events: Values[];
  revisedAtOffset: bigint | null;
}

/**
 * What a windowed projection means, as plainly as it can be said: record by record, whole events kept in lists, aggregates computed at the end. Slow; it is what
 * the fast fold is checked against, and shares nothing with it but the plan.
 * @param records of any number of partitions, those of one partition in log order
 * @returns rows by partition, key and window
 */
export function foldInterpreted(
  plan: Plan,
  records: Iterable<FoldedRecord>,
): readonly InterpretedRow[] {
  if (plan.kind !== 'windowed') throw new TypeError(`no plain fold for ${plan.kind} plans`);
  const latestMs = new Map<number, number>();
  const groups = new Map<string, Group>();
  for (const { record, event } of records) {
    const source = plan.sources.find((each) => each.event.topic === record.topic);
    if (source === undefined || !isEvent(event)) continue;
    const { partition } = record;
    const timeMs = eventTimeMs(source, event, record.timestampMs);
    if (timeMs > record.timestampMs + plan.maxDriftMs) continue; // FUTURE
    const windowStartMs =
      timeMs - floorMod(timeMs - tumblingOf(plan).offsetMs, tumblingOf(plan).sizeMs);
    const windowEndMs = windowStartMs + tumblingOf(plan).sizeMs;
    if (windowStartMs < EARLIEST_MS || windowEndMs > LATEST_MS) continue;
    const latest = Math.max(latestMs.get(partition) ?? Number.NEGATIVE_INFINITY, timeMs);
    latestMs.set(partition, latest);
    if (!meetsAll(source.where, event)) continue;
    const key = keyOf(plan.keys, event);
    if (key === null || !hasStorableInstants(plan, event)) continue;
    const id = JSON.stringify([partition, windowStartMs, ...key.map(String)]);
    const empty = { partition, key, windowStartMs, events: [], revisedAtOffset: null };
    const group: Group = groups.get(id) ?? empty;
    groups.set(id, group);
    group.events.push(event);
    const closed = latest - plan.latenessMs >= windowEndMs;
    if (closed) group.revisedAtOffset = record.offset;
  }
  return [...groups.values()].sort(byPartitionKeyAndWindow).map((group) => rowOf(plan, group));
}

function isEvent(event: unknown): event is Values {
  return typeof event === 'object' && event !== null && !(event instanceof Error);
}

/** The time field, in whole milliseconds; the record's timestamp where there is none or it is null. */
function eventTimeMs(
  { event: { timeField } }: SourcePlan,
  event: Values,
  recordMs: number,
): number {
  const time = timeField === undefined ? null : event[timeField];
  if (time instanceof Date) return time.getTime();
  if (typeof time === 'bigint') return Number((time - (((time % 1000n) + 1000n) % 1000n)) / 1000n);
  return recordMs;
}

/** Null when a part is null or the key is not what Postgres can hold; bytes that are not UTF-8 were decoded as U+FFFD. */
function keyOf(keys: readonly KeyPlan[], event: Values): Group['key'] | null {
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

/** True when every instant that a measure would keep is one that Postgres holds. */
function hasStorableInstants({ measures }: WindowedPlan, event: Values): boolean {
  return measures.every(({ field }) => {
    const value = field === null ? null : event[field];
    return !(value instanceof Date) || value.getTime() >= EARLIEST_MS;
  });
}

/** The remainder that is never negative. */
function floorMod(value: number, by: number): number {
  const remainder = value % by;
  return remainder < 0 ? remainder + by : remainder;
}

function rowOf(plan: WindowedPlan, group: Group): InterpretedRow {
  const row: Record<string, unknown> & { _partition: number } = { _partition: group.partition };
  for (const [i, { column }] of plan.keys.entries()) row[column] = group.key[i];
  row['window_start'] = new Date(group.windowStartMs);
  row['window_end'] = new Date(group.windowStartMs + tumblingOf(plan).sizeMs);
  const fields = plan.sources[0]?.event.fields ?? [];
  for (const measure of plan.measures) {
    const field = fields.find(({ name }) => name === measure.field);
    row[measure.column] = measureOf(measure, field, group.events);
  }
  row['revised_at_offset'] = group.revisedAtOffset;
  return row;
}

function byPartitionKeyAndWindow(a: Group, b: Group): number {
  const byKey = a.key.map((part, i) => compareValues(part, b.key[i] ?? part));
  const orders = [a.partition - b.partition, ...byKey, a.windowStartMs - b.windowStartMs];
  return orders.find((order) => order !== 0) ?? 0;
}
