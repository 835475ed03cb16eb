import type { SessionPlan } from '../../projection/plan/plan.ts';
import { emissionId } from '../task/emission-id.ts';
import type { FoldedRecord, FoldedTick, InterpretedRow } from './folded-record.ts';
import { eventTimeMs, isEvent, keyOf, watermarkAfter, watermarkBy } from './folded-record.ts';
import type { TakenEvent } from './measure-of.ts';
import { measureOf } from './measure-of.ts';
import { meetsAll } from './meets-all.ts';

/** An event of a key, and how long it keeps its session open. */
interface Covered extends TakenEvent {
  readonly untilMs: number;
}

/** The events of one key in one partition, and how its sessions were revised. */
interface KeyEvents {
  readonly partition: number;
  readonly key: readonly (string | number | bigint | boolean)[];
  readonly events: Covered[];
  /** Offsets of events whose session was already closed, by the position of the event itself. */
  readonly late: Map<string, bigint>;
}

/**
 * Folds a session projection: all events of a key sorted by time, split where covers do not touch.
 * Slow; the oracle of the session fold.
 */
export function foldSessionsInterpreted(
  plan: SessionPlan,
  items: Iterable<FoldedRecord | FoldedTick>,
): readonly InterpretedRow[] {
  const keys = new Map<string, KeyEvents>();
  const times = new Map<number, { latest: number; watermark: number }>();
  const timeOf = (partition: number) => {
    const least = Number.NEGATIVE_INFINITY;
    const time = times.get(partition) ?? { latest: least, watermark: least };
    times.set(partition, time);
    return time;
  };
  for (const item of items) {
    if ('tick' in item) {
      const time = timeOf(item.tick.partition);
      const reached = watermarkAfter(item.tick, time.latest, plan.latenessMs);
      time.watermark = Math.max(time.watermark, reached);
      continue;
    }
    const { record, event, of } = item;
    const source = plan.sources.findIndex(
      (each) => each.event.topic === record.topic && (of === undefined || each.event === of),
    );
    const from = plan.sources[source];
    if (from === undefined || !isEvent(event)) continue;
    const timeMs = eventTimeMs(from, event, record.timestampMs);
    if (timeMs > record.timestampMs + plan.maxDriftMs) continue;
    const { partition } = record;
    const time = timeOf(partition);
    time.latest = Math.max(time.latest, timeMs);
    time.watermark = Math.max(time.watermark, watermarkBy(record, timeMs, plan.latenessMs));
    const key = keyOf(plan.keys, event);
    if (key === null || !meetsAll(from.where, event)) continue;
    const gapMs = plan.gap.kind === 'fixed' ? plan.gap.gapMs : plan.gap.gapMs(event as never);
    const order = { timeMs, topic: record.topic, partition, offset: Number(record.offset) };
    const covered: Covered = { event, source, order, untilMs: timeMs + gapMs };
    const id = JSON.stringify([partition, ...key.map(String)]);
    const known: KeyEvents = keys.get(id) ?? { partition, key, events: [], late: new Map() };
    const touched = sessionsOf(plan, known.events).filter((session) => touches(session, covered));
    const isClosed = (session: readonly Covered[]) => untilOf(session) < time.watermark;
    const isLate = isClosed([covered]) && touched.every(isClosed);
    if (isLate && plan.late === 'reject') continue;
    const [survivor, ...absorbed] = touched;
    for (const event of absorbed.flat()) known.late.delete(nameOf(event));
    if (survivor === undefined ? isLate : isClosed(survivor)) {
      known.late.set(nameOf(covered), record.offset);
    }
    keys.set(id, known);
    known.events.push(covered);
  }
  return [...keys.values()].flatMap((known) =>
    sessionsOf(plan, known.events).map((session) =>
      rowOf(plan, { known, session, watermarkMs: timeOf(known.partition).watermark }),
    ),
  );
}

function sessionsOf(plan: SessionPlan, events: readonly Covered[]): Covered[][] {
  const sessions: Covered[][] = [];
  for (const event of [...events].sort(byOrder)) {
    const session = sessions.at(-1);
    const start = session?.[0]?.order.timeMs ?? 0;
    const isTooLong = plan.maxLengthMs !== null && event.order.timeMs - start > plan.maxLengthMs;
    if (session === undefined || event.order.timeMs > untilOf(session) || isTooLong) {
      sessions.push([event]);
    } else session.push(event);
  }
  return sessions;
}

function touches(session: readonly Covered[], event: Covered): boolean {
  const start = session[0]?.order.timeMs as number;
  return event.order.timeMs <= untilOf(session) && event.untilMs >= start;
}

function untilOf(session: readonly Covered[]): number {
  return Math.max(...session.map(({ untilMs }) => untilMs));
}

function byOrder({ order: a }: Covered, { order: b }: Covered): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs;
  return a.topic === b.topic ? a.offset - b.offset : a.topic < b.topic ? -1 : 1;
}

function nameOf({ order }: Covered): string {
  return `${order.topic} ${order.offset}`;
}

function rowOf(
  plan: SessionPlan,
  of: {
    readonly known: KeyEvents;
    readonly session: readonly Covered[];
    readonly watermarkMs: number;
  },
): InterpretedRow {
  const { known, session, watermarkMs } = of;
  const first = session[0] as Covered;
  const last = session.at(-1) as Covered;
  const { topic, partition, offset } = first.order;
  const row: Record<string, unknown> & { _partition: number } = { _partition: known.partition };
  for (const [i, { column }] of plan.keys.entries()) row[column] = known.key[i];
  const parts = known.key.map((part) => (typeof part === 'boolean' ? Number(part) : part));
  row['session_id'] = emissionId(plan.name, ...parts, topic, partition, offset);
  row['started_at'] = new Date(first.order.timeMs);
  row['ended_at'] = new Date(last.order.timeMs);
  row['duration_ms'] = BigInt(last.order.timeMs - first.order.timeMs);
  row['closed'] = untilOf(session) < watermarkMs;
  for (const measure of plan.measures) Object.assign(row, measureOf(measure, plan, session));
  const late = session.flatMap((event) => known.late.get(nameOf(event)) ?? []);
  row['revised_at_offset'] = late.length === 0 ? null : late.reduce((a, b) => (a > b ? a : b));
  return row;
}
