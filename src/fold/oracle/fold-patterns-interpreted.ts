import type { ConditionOfStep, PatternElement } from '../../projection/plan/pattern-element.ts';
import type { PatternPlan } from '../../projection/plan/plan.ts';
import { snakeCase } from '../../projection/plan/snake-case.ts';
import { emissionId } from '../task/emission-id.ts';
import type { OracleEvent } from './enumerate-matches.ts';
import { enumerateMatches } from './enumerate-matches.ts';
import type { FoldedRecord, FoldedTick, InterpretedRow } from './folded-record.ts';
import { eventTimeMs, isEvent, keyOf, watermarkAfter, watermarkBy } from './folded-record.ts';
import { meetsAll } from './meets-all.ts';

interface KeyEvent extends OracleEvent {
  readonly topic: string;
  readonly offset: bigint;
  readonly source: number;
}

/** The events of one key in one partition. */
interface KeyEvents {
  readonly partition: number;
  readonly key: readonly (string | number | bigint | boolean)[];
  readonly events: KeyEvent[];
}

/**
 * Folds a pattern projection: the events of each key in event-time order, every subsequence tried.
 * Very slow for long keys and open patterns; the oracle of the pattern fold. Partial matches that
 * time out are not among the rows.
 */
export function foldPatternsInterpreted(
  plan: PatternPlan,
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
      time.watermark = Math.max(
        time.watermark,
        watermarkAfter(item.tick, time.latest, plan.latenessMs),
      );
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
    const time = timeOf(record.partition);
    time.latest = Math.max(time.latest, timeMs);
    time.watermark = Math.max(time.watermark, watermarkBy(record, timeMs, plan.latenessMs));
    const key = keyOf(plan.keys, event);
    if (key === null || !meetsAll(from.where, event) || timeMs < time.watermark) continue;
    const id = JSON.stringify([record.partition, ...key.map(String)]);
    const known: KeyEvents = keys.get(id) ?? { partition: record.partition, key, events: [] };
    keys.set(id, known);
    known.events.push({ timeMs, value: event, topic: record.topic, offset: record.offset, source });
  }
  return [...keys.values()].flatMap((known) =>
    matchesOf(plan, known, timeOf(known.partition).watermark),
  );
}

function matchesOf(plan: PatternPlan, known: KeyEvents, watermarkMs: number): InterpretedRow[] {
  const events = known.events
    .filter(({ timeMs }) => timeMs <= watermarkMs)
    .sort(
      (a, b) =>
        a.timeMs - b.timeMs ||
        (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : Number(a.offset - b.offset)),
    );
  const repeated = repeatedSteps(plan.pattern, false);
  const meets = (
    condition: ConditionOfStep,
    event: OracleEvent,
    soFar: Readonly<Record<string, unknown>>,
  ) => {
    const { source } = event as KeyEvent;
    return (
      (condition.source ?? source) === source &&
      meetsAll(condition.where, event.value as Readonly<Record<string, unknown>>) &&
      condition.iterative.every((accepts) => accepts(event.value as never, soFar as never))
    );
  };
  const found = enumerateMatches({
    pattern: { ...plan, elements: plan.pattern },
    events,
    endMs: watermarkMs,
    meets,
    repeated,
  });
  return found.map(({ taken, matchedAtMs }) =>
    rowOf(plan, known, {
      taken: taken.map(({ step, at }) => ({ step, event: events[at] as KeyEvent })),
      matchedAtMs,
      repeated,
    }),
  );
}

function rowOf(
  plan: PatternPlan,
  known: KeyEvents,
  found: {
    readonly taken: readonly { readonly step: string; readonly event: KeyEvent }[];
    readonly matchedAtMs: number;
    readonly repeated: ReadonlySet<string>;
  },
): InterpretedRow {
  const { taken, matchedAtMs, repeated } = found;
  const { partition } = known;
  const positions = taken.map(({ step, event: { topic, offset } }) => ({
    step,
    topic,
    partition,
    offset: String(offset),
  }));
  const match: Record<string, unknown> = Object.fromEntries(
    [...repeated].map((step) => [step, []]),
  );
  for (const { step, event } of taken) {
    if (repeated.has(step)) (match[step] as unknown[]).push(event.value);
    else match[step] = event.value;
  }
  const parts = known.key.map((part) => (typeof part === 'boolean' ? Number(part) : part));
  const row: Record<string, unknown> & { _partition: number } = {
    _partition: partition,
    match_id: emissionId(plan.name, 'match', ...parts, JSON.stringify(positions)),
    matched_at: new Date(matchedAtMs),
    positions,
    timed_out: false,
  };
  for (const [i, { column }] of plan.keys.entries()) row[column] = known.key[i];
  for (const [name, value] of Object.entries(plan.row?.(match as never) ?? {}))
    row[snakeCase(name)] = value ?? null;
  return row;
}

function repeatedSteps(elements: readonly PatternElement[], isRepeated: boolean): Set<string> {
  const found = new Set<string>();
  for (const element of elements) {
    const { max } = element.quantifier;
    const repeats = isRepeated || max === null || max > 1;
    if (element.kind === 'group')
      for (const step of repeatedSteps(element.elements, repeats)) found.add(step);
    else if (repeats && !element.contiguity.startsWith('not')) found.add(element.name);
  }
  return found;
}
