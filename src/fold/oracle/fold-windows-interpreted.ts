import type { EventDefinition } from '../../event/event-definition.ts';
import type { EmissionPlan, WindowedPlan } from '../../projection/plan/plan.ts';
import type { CustomWindow, WindowBounds } from '../../projection/plan/window-plan.ts';
import { EARLIEST_MS, LATEST_MS } from '../rows/postgres-limits.ts';
import { Calendar } from '../windowed/calendar.ts';
import { compareValues } from './compare-values.ts';
import type { FoldedRecord, FoldedTick, InterpretedRow, KeyPart } from './folded-record.ts';
import { eventTimeMs, isEvent, keyOf, watermarkAfter, watermarkBy } from './folded-record.ts';
import type { TakenEvent } from './measure-of.ts';
import { meanOfDoubles, measureOf, varianceOfDoubles } from './measure-of.ts';
import { meetsAll } from './meets-all.ts';

type Values = Readonly<Record<string, unknown>>;

/** A future row: its events in log order. */
interface Group {
  readonly partition: number;
  readonly key: readonly KeyPart[];
  readonly startMs: number;
  readonly endMs: number;
  readonly events: TakenEvent[];
  readonly scores: Record<string, number | null>;
  closed: boolean;
  revisedAtOffset: bigint | null;
}

/** The time state of one partition. */
interface PartitionTime {
  latestMs: number;
  watermarkMs: number;
}

/** A published event in the interpreted fold, without the id. */
export interface InterpretedEmission {
  readonly partition: number;
  readonly event: EventDefinition;
  readonly value: unknown;
  readonly timestampMs: number;
}

/**
 * Returns rows by partition, key and window, and published events in the order of their creation.
 */
export function foldWindowsInterpreted(
  plan: WindowedPlan,
  items: Iterable<FoldedRecord | FoldedTick>,
): {
  readonly rows: readonly InterpretedRow[];
  readonly emissions: readonly InterpretedEmission[];
} {
  const windows = new InterpretedWindows(plan);
  return { rows: windows.fold(items), emissions: windows.emissions };
}

class InterpretedWindows {
  readonly emissions: InterpretedEmission[] = [];

  readonly #plan: WindowedPlan;
  readonly #groups = new Map<string, Group>();
  readonly #times = new Map<number, PartitionTime>();
  /** The values of closed windows, by partition, key and score. */
  readonly #baselines = new Map<string, number[]>();

  constructor(plan: WindowedPlan) {
    this.#plan = plan;
  }

  fold(items: Iterable<FoldedRecord | FoldedTick>): readonly InterpretedRow[] {
    for (const item of items) {
      if ('tick' in item) {
        const { partition } = item.tick;
        const { latestMs } = this.#timeOf(partition);
        this.#reach(partition, watermarkAfter(item.tick, latestMs, this.#plan.latenessMs));
      } else this.#take(item);
    }
    const { emit } = this.#plan;
    return [...this.#groups.values()]
      .filter(({ closed }) => emit === 'update' || closed)
      .sort(byPartitionKeyAndWindow)
      .map((group) => rowOf(this.#plan, group));
  }

  #take({ record, event, of }: FoldedRecord): void {
    const plan = this.#plan;
    const source = plan.sources.find(
      (each) => each.event.topic === record.topic && (of === undefined || each.event === of),
    );
    if (source === undefined || !isEvent(event)) return;
    const { partition } = record;
    const timeMs = eventTimeMs(source, event, record.timestampMs);
    if (timeMs > record.timestampMs + plan.maxDriftMs) return; // FUTURE
    if (timeMs < EARLIEST_MS || timeMs > LATEST_MS) return;
    // Custom windows depend on the event, and are computed only once it counts; others depend on
    // the time alone.
    const ofTime = plan.window.kind === 'custom' ? [] : this.#windowsOf(timeMs);
    if (!ofTime.every(isStorable)) return;
    const time = this.#timeOf(partition);
    time.latestMs = Math.max(time.latestMs, timeMs);
    this.#reach(partition, watermarkBy(record, timeMs, plan.latenessMs));
    if (!meetsAll(source.where, event)) return;
    const key = keyOf(plan.keys, event);
    if (key === null || !hasStorableValues(plan, event)) return;
    const windows = plan.window.kind === 'custom' ? ownWindows(plan.window, timeMs, event) : ofTime;
    if (!windows.every(isStorable)) return;
    const order = { timeMs, topic: record.topic, partition, offset: Number(record.offset) };
    for (const bounds of windows) {
      const isLate = bounds.endMs <= time.watermarkMs;
      if (isLate && plan.late === 'reject') continue;
      const group = this.#groupOf({ partition, key, ...bounds, isLate });
      group.events.push({ event, source: plan.sources.indexOf(source), order });
      if (isLate && !((group.revisedAtOffset ?? -1n) > record.offset)) {
        group.revisedAtOffset = record.offset;
      }
      if (isLate) this.#publish('revise', group);
    }
  }

  /** Returns every window that contains the time. */
  #windowsOf(timeMs: number): WindowBounds[] {
    const { window } = this.#plan;
    if (window.kind === 'calendar') return [new Calendar(window).windowOf(timeMs)];
    if (window.kind === 'custom') return [];
    const everyMs = window.kind === 'tumbling' ? window.sizeMs : window.everyMs;
    const found: WindowBounds[] = [];
    const latest = timeMs - floorMod(timeMs - window.offsetMs, everyMs);
    for (let startMs = latest; startMs + window.sizeMs > timeMs; startMs -= everyMs) {
      found.push({ startMs, endMs: startMs + window.sizeMs });
    }
    return found;
  }

  #groupOf(
    at: Pick<Group, 'partition' | 'key' | 'startMs' | 'endMs'> & { isLate: boolean },
  ): Group {
    const { partition, key, startMs, endMs, isLate } = at;
    const id = JSON.stringify([partition, startMs, endMs, ...key.map(String)]);
    let group = this.#groups.get(id);
    if (group === undefined) {
      const empty = { events: [], scores: {}, revisedAtOffset: null };
      group = { partition, key, startMs, endMs, ...empty, closed: isLate };
      this.#groups.set(id, group);
    }
    return group;
  }

  #timeOf(partition: number): PartitionTime {
    const least = Number.NEGATIVE_INFINITY;
    const time = this.#times.get(partition) ?? { latestMs: least, watermarkMs: least };
    this.#times.set(partition, time);
    return time;
  }

  /** Advances the watermark and closes windows, in the order of their ends. */
  #reach(partition: number, watermarkMs: number): void {
    const time = this.#timeOf(partition);
    if (!(watermarkMs > time.watermarkMs)) return;
    time.watermarkMs = watermarkMs;
    [...this.#groups.values()]
      .filter((each) => each.partition === partition && !each.closed && each.endMs <= watermarkMs)
      .sort((a, b) => a.endMs - b.endMs || byKeyText(a, b) || a.startMs - b.startMs)
      .forEach((group) => this.#close(group));
  }

  #publish(on: EmissionPlan['on'], group: Group): void {
    const { _partition: partition, ...row } = rowOf(this.#plan, group);
    for (const { event, make } of this.#plan.emissions.filter((each) => each.on === on)) {
      const value = make(row as never) ?? null;
      if (value === null) continue;
      this.emissions.push({ partition, event, value, timestampMs: group.endMs });
    }
  }

  #close(group: Group): void {
    group.closed = true;
    this.#score(group);
    this.#publish('close', group);
  }

  #score(group: Group): void {
    for (const { column, aggregate, of, parameters } of this.#plan.measures) {
      if (aggregate !== 'zScore') continue;
      const scored = rowOf(this.#plan, group)[of as string];
      const value = scored === null ? Number.NaN : Number(String(scored));
      if (!Number.isFinite(value)) continue;
      const id = JSON.stringify([group.partition, column, ...group.key.map(String)]);
      const before = this.#baselines.get(id) ?? [];
      if (before.length >= (parameters['min'] as number))
        group.scores[column] = scoreOf(value, before);
      this.#baselines.set(id, [...before, value]);
    }
  }
}

/** Returns the number of standard deviations from the mean, both computed exactly first. */
function scoreOf(value: number, before: readonly number[]): number | null {
  const variance = varianceOfDoubles(before);
  if (variance === null || !(variance > 0)) return null;
  const score = (value - meanOfDoubles(before)) / Math.sqrt(variance);
  return Number.isFinite(score) ? score : null;
}

/**
 * Returns the windows of the user's function, each once; none if it fails or returns an invalid
 * window.
 */
function ownWindows({ windowsOf }: CustomWindow, timeMs: number, event: Values): WindowBounds[] {
  try {
    const given = windowsOf(timeMs, event as never);
    const isWindow = ({ startMs, endMs }: WindowBounds) =>
      Number.isInteger(startMs) && Number.isInteger(endMs) && startMs < endMs;
    if (!given.every(isWindow)) return [];
    return [...new Map(given.map((each) => [`${each.startMs} ${each.endMs}`, each])).values()];
  } catch {
    return [];
  }
}

function isStorable({ startMs, endMs }: WindowBounds): boolean {
  return startMs >= EARLIEST_MS && endMs <= LATEST_MS;
}

/** True if Postgres can hold every timestamp and text that a measure would store. */
function hasStorableValues({ measures }: WindowedPlan, event: Values): boolean {
  return measures.every(({ field, state }) => {
    const value = field === null ? null : event[field];
    if (value instanceof Date) return value.getTime() >= EARLIEST_MS;
    return !(typeof value === 'string' && state !== null && value.includes('\0'));
  });
}

/** Returns the non-negative remainder. */
function floorMod(value: number, by: number): number {
  const remainder = value % by;
  return remainder < 0 ? remainder + by : remainder;
}

function rowOf(plan: WindowedPlan, group: Group): InterpretedRow {
  const row: Record<string, unknown> & { _partition: number } = { _partition: group.partition };
  for (const [i, { column }] of plan.keys.entries()) row[column] = group.key[i];
  row['window_start'] = new Date(group.startMs);
  row['window_end'] = new Date(group.endMs);
  for (const measure of plan.measures) {
    if (measure.aggregate === 'zScore') row[measure.column] = group.scores[measure.column] ?? null;
    else Object.assign(row, measureOf(measure, plan, group.events));
  }
  row['revised_at_offset'] = group.revisedAtOffset;
  return row;
}

function byPartitionKeyAndWindow(a: Group, b: Group): number {
  const byKey = a.key.map((part, i) => compareValues(part, b.key[i] ?? part));
  const orders = [a.partition - b.partition, ...byKey, a.startMs - b.startMs, a.endMs - b.endMs];
  return orders.find((order) => order !== 0) ?? 0;
}

/** Compares keys part by part, each as text. */
function byKeyText(a: Group, b: Group): number {
  const orders = a.key.map((part, i) => compareValues(String(part), String(b.key[i])));
  return orders.find((order) => order !== 0) ?? 0;
}
