import { expect, vi } from 'vitest';
import { foldInterpreted } from '../../src/fold/oracle/fold-interpreted.ts';
import { compileProjection } from '../../src/projection/compile/compile-projection.ts';
import type { Projection } from '../../src/projection/plan/projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import { sql } from './read-model.ts';
import type { TwoStages } from './two-stages.ts';
import { readSeconds } from './two-stages.ts';

/**
 * The rows of every second stage are those that the published events give in the order of their
 * time, each once; none came late.
 */
export async function expectAsOneStage(
  app: Reprise,
  stages: TwoStages,
  url: string,
): Promise<void> {
  for (const stage of stages.second) {
    const plan = compileProjection(new (stage as new () => Projection)());
    // Read anew each time: silence may still close a session of the first stage, which publishes.
    await vi.waitFor(
      async () => {
        const items = await publishedOnce(app, stages);
        expect(items.length).toBeGreaterThan(0);
        const ticks = [0, 1, 2, 3].map((partition) => ({ tick: { partition, quietMs: 60_000 } }));
        const expected = foldInterpreted(plan, [...items, ...ticks]);
        expect(await rowsOf(url, plan.name)).toEqual(shownRows(plan.name, expected));
      },
      { timeout: 60_000, interval: 500 },
    );
  }
  const late = await sql(url, 'select projection, event_time, watermark from reprise.late_events');
  expect(late).toEqual([]);
}

/** What the first stage has published, each event once, in the order of its time. */
async function publishedOnce(app: Reprise, stages: TwoStages) {
  const found = await readSeconds(app, stages);
  const once = [...new Map(found.toReversed().map((each) => [each.id, each])).values()];
  once.sort((a, b) => a.at.getTime() - b.at.getTime() || a.offset - b.offset);
  return once.map(({ partition, offset, team, visitor, visits, at }) => ({
    record: {
      topic: stages.seconds.topic,
      partition,
      offset: BigInt(offset),
      timestampMs: at.getTime(),
    },
    event: { team, visitor, visits, at },
  }));
}

const SHOWN: Readonly<Record<string, readonly string[]>> = {
  team_minutes: ['team', 'window_start', 'seconds', 'visits'],
  team_sittings: ['team', 'started_at', 'ended_at', 'seconds', 'visits'],
  team_runs: ['team', 'first_at', 'last_at'],
};

async function rowsOf(url: string, name: string): Promise<string[]> {
  const rows = await sql<Record<string, unknown>>(url, `select * from public.${name}`);
  return shownRows(name, rows);
}

/** Rows as text, by the columns that do not depend on where records lie. */
function shownRows(name: string, rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  const columns = SHOWN[name] as readonly string[];
  return rows
    .map((row) =>
      columns
        .map((column) => {
          const value = row[column];
          return value instanceof Date ? value.toISOString() : String(value);
        })
        .join(' '),
    )
    .sort();
}
