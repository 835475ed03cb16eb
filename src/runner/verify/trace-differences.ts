import type { LogPosition } from '../../log/log-position.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { ReplayOptions } from '../rebuild/replay-task.ts';
import { replayTask } from '../rebuild/replay-task.ts';
import type { Recovery } from '../recovery/recovery.ts';
import { createRecovery } from '../recovery/recovery.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { type Stretch, TraceStride } from './trace-stride.ts';
import { type TracedLook, type TracedOffset, TracedRows } from './traced-rows.ts';
import type { LogRange, RowDifference } from './verify-report.ts';

/** Records of a stretch at least. */
const STRETCH_RECORDS_MIN = 64;
/**
 * Stretches looked into record by record, for each row: so many at the beginning, and the last one.
 */
const LOOKED_INTO_MAX = 3;
/** Records named for each row. */
const NAMED_MAX = 20;

/** What is to be traced, and with what. */
export interface Trace {
  readonly scratch: Plan;
  readonly differences: readonly RowDifference[];
  /** How the partition was replayed for the comparison. */
  readonly replay: (partition: number) => Omit<ReplayOptions, 'plan' | 'recovery' | 'onFlush'>;
  /** Makes the scratch tables anew, empty, with their keys. */
  readonly reset: () => Promise<void>;
}

/** What came to light of one row. */
interface Found {
  readonly stretches: Stretch[];
  readonly records: LogPosition[];
  /** By topic. */
  readonly ranges: Map<string, LogRange>;
}

/**
 * Finds out where in the log rows come from that differ: replays their partitions again and watches
 * them, 1 flushing at the end of every stretch of some hundred records, which gives the stretches
 * of the log that changed a row, 2 once more, after every record of the first and the last of these
 * stretches, which gives the records. So it is the fold itself that says so, whatever the kind of
 * projection. What the passing of time or a redriven dead letter changed is counted to the record
 * folded next.
 * @returns the differences, in order, with `records` and `ranges`
 */
export async function traceDifferences(
  settings: RunnerSettings,
  trace: Trace,
): Promise<readonly RowDifference[]> {
  const found = new Map(trace.differences.map((row) => [row, emptyFound()]));
  for (const partition of new Set(trace.differences.map((row) => row.partition))) {
    const rows = trace.differences.filter((row) => row.partition === partition);
    await watch(settings, trace, { partition, rows, lookedInto: [], tell: stretchFound(found) });
    const lookedInto = rows.flatMap((row) => lookedIntoOf(found.get(row)?.stretches ?? []));
    if (lookedInto.length === 0) continue;
    await watch(settings, trace, { partition, rows, lookedInto, tell: recordFound(found) }); // 2
  }
  return trace.differences.map((row) => {
    const { records, ranges } = found.get(row) ?? emptyFound();
    return { ...row, records, ranges: [...ranges.values()] };
  });
}

function emptyFound(): Found {
  return { stretches: [], records: [], ranges: new Map() };
}

/**
 * A flush that changed a row: which records of the replay it held, and where the task stood before
 * and after.
 */
interface Change {
  readonly row: RowDifference;
  readonly stretch: Stretch;
  readonly before: TracedLook;
  readonly after: TracedLook;
}

interface Watch {
  readonly partition: number;
  readonly rows: readonly RowDifference[];
  readonly lookedInto: readonly Stretch[];
  readonly tell: (change: Change) => void;
}

async function watch(settings: RunnerSettings, trace: Trace, of: Watch): Promise<void> {
  const { partition, rows, lookedInto, tell } = of;
  const { scratch } = trace;
  const replay = trace.replay(partition);
  await trace.reset();
  // Whole rows, so that the state after every flush is there to look at.
  const plan: Plan = { ...scratch, rebuild: 'live' };
  const stride = new TraceStride(stretchLength(replay.untilOffsets), lookedInto);
  const recovery: Recovery = { ...createRecovery(settings, plan, 'rebuild'), stride };
  const traced = new TracedRows(settings.pool, scratch, rows, partition);
  let before: TracedLook = { offsets: [], changed: [] };
  let from = 0;
  const key = { projection: scratch.name, version: scratch.version, partition };
  await replayTask(settings, key, {
    ...replay,
    plan,
    recovery,
    onFlush: async () => {
      const after = await traced.look();
      const stretch = { from, until: stride.position };
      for (const row of after.changed) tell({ row, stretch, before, after });
      before = after;
      from = stride.position;
    },
  });
}

/**
 * The length at which the flushes of both replays are fewest: n / length for all stretches, and
 * length for each of the four looked into.
 */
function stretchLength(untilOffsets: ReadonlyMap<string, bigint>): number {
  let records = 0;
  for (const offset of untilOffsets.values()) records += Number(offset);
  return Math.max(STRETCH_RECORDS_MIN, Math.ceil(Math.sqrt(records / (LOOKED_INTO_MAX + 1))));
}

function stretchFound(found: ReadonlyMap<RowDifference, Found>): (change: Change) => void {
  return ({ row, stretch }) => {
    if (stretch.until > stretch.from) found.get(row)?.stretches.push(stretch);
  };
}

function lookedIntoOf(stretches: readonly Stretch[]): readonly Stretch[] {
  return [...stretches.slice(0, LOOKED_INTO_MAX), ...stretches.slice(-1)];
}

function recordFound(found: ReadonlyMap<RowDifference, Found>): (change: Change) => void {
  return ({ row, stretch, before, after }) => {
    const of = found.get(row);
    if (of === undefined) return;
    const isFirst =
      stretch.from < (of.stretches[LOOKED_INTO_MAX]?.from ?? Number.POSITIVE_INFINITY);
    for (const { topic, fromOffset, nextOffset, lastOffset } of movedBetween(before, after)) {
      const place = { topic, partition: row.partition };
      const isOne = stretch.until - stretch.from === 1 && lastOffset !== null;
      const reach = isOne
        ? { fromOffset: lastOffset, untilOffset: lastOffset + 1n }
        : { fromOffset, untilOffset: nextOffset };
      widen(of.ranges, { ...place, ...reach });
      if (isOne && isFirst && of.records.length < NAMED_MAX) {
        of.records.push({ ...place, offset: lastOffset });
      }
    }
  };
}

/** The topics of which the task folded records, and from where. */
function movedBetween(
  before: TracedLook,
  after: TracedLook,
): readonly (TracedOffset & { readonly fromOffset: bigint })[] {
  return after.offsets.flatMap((each) => {
    const was = before.offsets.find(({ topic }) => topic === each.topic);
    // Positions may move over nothing (aborted transactions, holes).
    if ((was?.lastOffset ?? null) === each.lastOffset) return [];
    return [{ ...each, fromOffset: was?.nextOffset ?? 0n }];
  });
}

function widen(ranges: Map<string, LogRange>, by: LogRange): void {
  const known = ranges.get(by.topic);
  ranges.set(by.topic, known === undefined ? by : { ...known, untilOffset: by.untilOffset });
}
