import { createBackoff } from '../../concurrency/backoff.ts';
import { noDataKeys } from '../../erasure/data-keys.ts';
import { type RowKey, RowKeys } from '../../fold/row-keys.ts';
import type { EventLog } from '../../log/event-log.ts';
import type { LogPosition } from '../../log/log-position.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { SessionKeys } from '../session/session-keys.ts';
import { withoutRepeats } from '../session/without-repeats.ts';
import { WriterSchemas } from '../session/writer-schemas.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { topicsOf } from '../settings/topics-of.ts';
import type { NextOffsets } from '../store/checkpoint-store.ts';
import type { DifferentRow } from './compare-tables.ts';
import { type TimeSpan, timeSpanOf } from './time-span-of.ts';
import type { LogRange, RowDifference } from './verify-report.ts';

/** Limit of records named for each row. */
const NAMED_MAX = 20;

/** Rows that differ, and the folded part of the log. */
interface Traced {
  readonly plan: Plan;
  readonly differences: readonly DifferentRow[];
  /** Next offsets of the version. */
  readonly offsets: NextOffsets;
  /** Records that the version has not folded, by partition. */
  readonly deadLetters: ReadonlyMap<number, readonly LogPosition[]>;
  readonly signal: AbortSignal;
}

/** What is found about one row. */
interface Found {
  readonly difference: RowDifference;
  readonly key: RowKey;
  readonly spans: readonly TimeSpan[];
  readonly records: LogPosition[];
  /** By topic. */
  readonly ranges: Map<string, LogRange>;
}

/**
 * Finds the records that rows come from: reads the log of their partitions once and asks the plan
 * which rows each record can touch.
 * @returns the differences, in order, with `records` and `ranges`
 */
export async function recordsBehind(
  settings: RunnerSettings,
  of: Traced,
): Promise<readonly RowDifference[]> {
  const pauses = { backoff: createBackoff({ signal: of.signal }), onPause: () => undefined };
  const dataKeys = new SessionKeys(settings.dataKeys ?? noDataKeys, of.plan, pauses);
  const keys = new RowKeys(of.plan, dataKeys);
  const schemas = new WriterSchemas(settings.registry, pauses);
  const found = of.differences.map((each) => nothingFound(of.plan, keys, each));
  for (const partition of new Set(found.map(({ difference }) => difference.partition))) {
    const own = found.filter(({ difference }) => difference.partition === partition);
    const setAside = new Set(of.deadLetters.get(partition)?.map(recordKey));
    for await (const batch of readPartition(settings.log, of, partition)) {
      await schemas.resolve(keys, batch);
      await dataKeys.load(batch);
      for (const { i, timeMs, rows } of keys.of(batch)) {
        const at = { topic: batch.topic, partition, offset: BigInt(batch.offsets[i] as number) };
        if (setAside.has(recordKey(at))) continue;
        for (const each of own) if (rows.includes(each.key)) add(each, at, timeMs);
      }
      dataKeys.committed();
    }
  }
  return found.map(({ difference, records, ranges }) => ({
    ...difference,
    records,
    ranges: [...ranges.values()],
  }));
}

function nothingFound(plan: Plan, keys: RowKeys, { difference, rows }: DifferentRow): Found {
  const table = plan.tables.find(({ name }) => name === difference.table) ?? plan.table;
  const key = keys.ofStored(table, difference.key);
  const spans = rows.map((row) => timeSpanOf(plan, row));
  return { difference, key, spans, records: [], ranges: new Map() };
}

/**
 * Yields the batches of a partition, topic by topic, without records that relays appended again.
 */
async function* readPartition(
  log: EventLog,
  { plan, offsets, signal }: Traced,
  partition: number,
): AsyncIterable<RecordBatch> {
  const described = await log.describe(topicsOf(plan));
  for (const topic of topicsOf(plan)) {
    const offset = described.get(topic)?.partitions[partition]?.startOffset ?? 0n;
    const untilOffset = offsets.get(partition)?.get(topic) ?? 0n;
    if (offset >= untilOffset) continue;
    let sequences: ReturnType<typeof withoutRepeats>['sequences'];
    for await (const read of log.read([{ topic, partition, offset, untilOffset }], { signal })) {
      const kept = withoutRepeats(read, sequences);
      sequences = kept.sequences;
      yield kept.batch;
    }
  }
}

function recordKey({ topic, offset }: LogPosition): string {
  return `${topic} ${offset}`;
}

function add({ spans, records, ranges }: Found, at: LogPosition, timeMs: number): void {
  if (!spans.some(({ fromMs, untilMs }) => timeMs >= fromMs && timeMs <= untilMs)) return;
  if (records.length < NAMED_MAX) records.push(at);
  const { topic, partition, offset } = at;
  const untilOffset = offset + 1n;
  const known = ranges.get(topic) ?? { topic, partition, fromOffset: offset, untilOffset };
  ranges.set(topic, { ...known, untilOffset });
}
