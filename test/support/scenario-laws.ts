import fc from 'fast-check';
import type { EventDefinition } from '../../src/event/event-definition.ts';
import { foldInterpreted } from '../../src/fold/oracle/fold-interpreted.ts';
import { foldWindowsInterpreted } from '../../src/fold/oracle/fold-windows-interpreted.ts';
import type { FoldedRecord, FoldedTick } from '../../src/fold/oracle/folded-record.ts';
import type { WindowedPlan } from '../../src/projection/plan/plan.ts';
import type { Projection } from '../../src/projection/plan/projection.ts';
import { type Scenario, scenario } from '../../src/testing/scenario.ts';

/** One thing that happens to a projection. */
export type Happening =
  | {
      readonly kind: 'event';
      readonly event: EventDefinition;
      readonly value: Readonly<Record<string, unknown>>;
      /** Of the record; its event time must not be further ahead. */
      readonly timestampMs: number;
      readonly partition: number;
    }
  | { readonly kind: 'tick'; readonly partition: number; readonly quietMs: number };

/** Columns that name positions in the log: they follow the order of arrival, not of event time. */
const POSITIONS = ['revised_at_offset', 'session_id', 'match_id', 'positions'];

/** Publishes everything, one by one. */
export function play(
  projection: Projection,
  happenings: readonly Happening[],
  partitions = 2,
): Scenario {
  const s = scenario(projection, { partitions });
  for (const each of happenings) {
    if (each.kind === 'tick') s.tick(each.partition, each.quietMs);
    else {
      s.publish(each.event, each.value as never, {
        partition: each.partition,
        timestamp: each.timestampMs,
      });
    }
  }
  return s;
}

/** What happened, for the plain folds. */
function plainItems(happenings: readonly Happening[]): (FoldedRecord | FoldedTick)[] {
  const offsets = new Map<string, number>();
  return happenings.map((each) => {
    if (each.kind === 'tick') return { tick: each };
    const { event, value, partition, timestampMs } = each;
    const at = `${event.topic}/${partition}`;
    const offset = offsets.get(at) ?? 0;
    offsets.set(at, offset + 1);
    const record = { topic: event.topic, partition, offset: BigInt(offset), timestampMs };
    return { record, event: value, of: event };
  });
}

/**
 * What a windowed projection publishes by the plain fold, in the order of partitions, as
 * `scenario.alerts()` shows it but for ids.
 */
export function plainAlerts(plan: WindowedPlan, happenings: readonly Happening[]): unknown[] {
  const { emissions } = foldWindowsInterpreted(plan, plainItems(happenings));
  return [...emissions]
    .sort((a, b) => a.partition - b.partition)
    .map(({ event, value, timestampMs }) => ({ event: event.name, value, timestampMs }));
}

/** The rows that the plain fold gives, in the order and shape of `rows()`. */
export function plainRows(s: Scenario, happenings: readonly Happening[]): unknown[] {
  const keys = s.plan.table.columns.filter(({ role }) => role === 'key').map(({ name }) => name);
  return sorted(
    foldInterpreted(s.plan, plainItems(happenings)).map(({ _partition, ...row }) => row),
    keys,
  );
}

/** Rows as text, sorted, without the columns named. */
export function printed(rows: readonly unknown[], without: readonly string[] = []): string[] {
  return rows
    .map((row) => {
      const shown = Object.entries(row as object).filter(([name]) => !without.includes(name));
      return JSON.stringify(Object.fromEntries(shown), asText);
    })
    .sort();
}

/** What JSON cannot tell apart as text; keys of objects in one order, since jsonb has its own. */
function asText(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Everything a scenario shows, as text. */
function everything(s: Scenario): unknown {
  return {
    rows: printed(s.rows()),
    alerts: printed(s.alerts()).sort(),
    late: printed(s.lateEvents().map(({ payload, ...late }) => late)),
    dead: s
      .deadLetters()
      .map(({ topic, partition, offset }) => `${topic}/${partition}@${offset}`)
      .sort(),
    state: s.stateSize(),
  };
}

/** Law 1 and 2: a replay in any portions, with restarts, shows the same as the live run. */
export function expectSameHowever(
  live: Scenario,
  course: readonly { readonly length: number; readonly then: 'go on' | 'flush' | 'crash' }[],
): { readonly live: unknown; readonly replayed: unknown; readonly divided: unknown } {
  return {
    live: everything(live),
    replayed: everything(live.replay()),
    divided: everything(divide(live, course)),
  };
}

function divide(
  live: Scenario,
  course: readonly { readonly length: number; readonly then: 'go on' | 'flush' | 'crash' }[],
): Scenario {
  const again = live.fresh();
  const { steps } = live;
  let flushed = 0;
  let crashes = 0;
  for (let at = 0, turn = 0; at < steps.length; turn += 1) {
    const { length, then } = course[turn % course.length] ?? { length: 1, then: 'flush' };
    again.foldSteps(steps.slice(at, at + length));
    at = Math.min(steps.length, at + length);
    if (then === 'flush') {
      again.flush();
      flushed = at;
    }
    if (then === 'crash' && crashes < 5) {
      crashes += 1;
      again.restart();
      at = flushed;
    }
  }
  return again.flush();
}

/**
 * Law 4: the same events in another order of arrival within the lateness, without columns that name
 * positions.
 */
export function positionless(s: Scenario): string[] {
  return printed(s.rows(), POSITIONS);
}

/** Any course of batches, flushes and crashes. */
export const courses = fc.array(
  fc.record({
    length: fc.integer({ min: 1, max: 6 }),
    then: fc.constantFrom('go on' as const, 'flush' as const, 'crash' as const),
  }),
  { minLength: 1, maxLength: 12 },
);

function sorted(rows: readonly Record<string, unknown>[], keys: readonly string[]): unknown[] {
  return [...rows].sort((a, b) => {
    for (const key of keys) {
      const [x, y] = [a[key], b[key]].map((value) =>
        value instanceof Date ? value.getTime() : (value as number),
      ) as [number, number];
      if (x !== y) return x < y ? -1 : 1;
    }
    return 0;
  });
}
