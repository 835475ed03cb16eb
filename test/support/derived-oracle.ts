import { expect } from 'vitest';
import { foldInterpreted } from '../../src/fold/oracle/fold-interpreted.ts';
import { topicsOf } from '../../src/runner/settings/topics-of.ts';
import type { Stages } from './derived-kinds.ts';
import { SECOND_COLUMNS } from './derived-kinds.ts';
import type { DerivedSchedule } from './derived-world.ts';
import type { Published } from './published-events.ts';

type Rows = readonly Readonly<Record<string, unknown>>[];

/**
 * What the first stage committed is published. The second stage's rows are those of one
 * uninterrupted fold of these events, each once, in the order of their time; nothing was late; and
 * a replay from the beginning gives what the live tasks gave. @returns how many events there were
 */
export async function expectAsOneFold(schedule: DerivedSchedule, stages: Stages): Promise<number> {
  const published = await schedule.published();
  expect(published.map(({ id }) => id).sort()).toEqual([...schedule.emitted].sort());
  expect(await schedule.lateEvents()).toEqual([]);
  const columns = SECOND_COLUMNS[stages.second];
  const rows = await schedule.rows();
  expect(shown(columns, rows)).toEqual(shown(columns, oneFold(schedule, published)));
  const { live, built } = await schedule.replayed();
  expect(built).toEqual(live);
  return published.length;
}

function oneFold(schedule: DerivedSchedule, published: readonly Published[]): Rows {
  const [topic = ''] = topicsOf(schedule.secondPlan);
  const inOrder = published.toSorted(
    (a, b) => a.at.getTime() - b.at.getTime() || a.offset - b.offset,
  );
  const items = inOrder.map(({ partition, offset, team, visitor, visits, at }) => ({
    record: { topic, partition, offset: BigInt(offset), timestampMs: at.getTime() },
    event: { team, visitor, visits, at },
  }));
  const partitions = new Set(published.map(({ partition }) => partition));
  const ticks = [...partitions].map((partition) => ({ tick: { partition, quietMs: 600_000 } }));
  return foldInterpreted(schedule.secondPlan, [...items, ...ticks]);
}

/** Rows as text, sorted. */
function shown(columns: readonly string[], rows: Rows): string[] {
  return rows.map((row) => columns.map((column) => textOf(row[column])).join(' ')).sort();
}

function textOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
