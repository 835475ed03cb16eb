import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEventEncoder } from '../../../src/avro/decode/event-encoder.ts';
import { createTaskFold } from '../../../src/fold/create-task-fold.ts';
import { foldInterpreted } from '../../../src/fold/oracle/fold-interpreted.ts';
import { ownRows } from '../../../src/fold/rows/packed-column.ts';
import type { TaskFold } from '../../../src/fold/task/task-fold.ts';
import { compileProjection } from '../../../src/projection/compile/compile-projection.ts';
import type { Plan } from '../../../src/projection/plan/plan.ts';
import { SECOND_KINDS, secondStage } from '../../support/derived-kinds.ts';
import type { HeadedRecord } from '../../support/published-batch.ts';
import { batchWithHeaders, headersOf } from '../../support/published-batch.ts';
import { stageEvents } from '../../support/stage-events.ts';
import { startingAt } from './drive.ts';
import { printRow, StoredTable } from './stored-table.ts';

const events = stageEvents('times');
const encoder = createEventEncoder(events.seconds);
const times = fc.integer({ min: 0, max: 30 }).map((seconds) => seconds * 1_000);

/**
 * An event of two teams, in any order of time; published by a relay (with what it says of those
 * behind) or by another producer.
 */
const one = fc.record({
  team: fc.constantFrom('a', 'b'),
  atMs: times,
  lagMs: fc.constantFrom(0, 0, 1_000, 4_000),
  told: fc.oneof(
    times.map((watermarkMs) => ({ watermarkMs })),
    fc.constant({ watermarkMs: null }),
    fc.constant(null),
  ),
});
type One = typeof one extends fc.Arbitrary<infer Value> ? Value : never;

const END_MS = 600_000;

function recordOf({ team, atMs, lagMs, told }: One, i: number): HeadedRecord {
  const value = { team, visitor: 'v', visits: 1, at: new Date(atMs) };
  const headers = told === null ? [] : headersOf('p', i + 1, told.watermarkMs);
  return { value: encoder.encode(value, 0), timestampMs: atMs + lagMs, headers };
}

/** The rows of the fast fold, in batches of so many records, taken after each. */
function foldFast(plan: Plan, given: readonly One[], size: number): string[] {
  const table = new StoredTable(plan.table);
  const fold = createTaskFold(plan, { clock: startingAt(null), mode: 'live' });
  const records = given.map(recordOf);
  for (let from = 0; from < records.length; from += size) {
    const batch = batchWithHeaders(events.seconds.topic, from, records.slice(from, from + size));
    for (const missing of fold.prepare(batch)) {
      fold.absorb(missing.table, missing.table === plan.table ? table.load(missing) : NOTHING);
    }
    expect(fold.apply(batch)).toEqual([]);
    write(plan, fold, table);
  }
  fold.tick(END_MS);
  write(plan, fold, table);
  return table.view().map(withoutPositions);
}

/** `positions` are text in the table, and objects in the row of the plain fold. */
function withoutPositions(row: string): string {
  return row.replace(/positions .*; timed_out/, 'timed_out');
}

const NOTHING = { count: 0, columns: [] };

function write(plan: Plan, fold: TaskFold, table: StoredTable): void {
  for (const change of fold.takeChanges().tables) {
    if (change.table !== plan.table) continue;
    table.upsert(ownRows(change.rows));
    if (change.deleted !== null) table.delete(change.deleted);
  }
  fold.committed();
}

function foldPlain(plan: Plan, given: readonly One[]): string[] {
  const items = given.map((each, i) => {
    const { timestampMs, headers } = recordOf(each, i);
    const { topic } = events.seconds;
    const record = { topic, partition: 0, offset: BigInt(i), timestampMs, headers };
    const event = { team: each.team, visitor: 'v', visits: 1, at: new Date(each.atMs) };
    return { record, event };
  });
  const ticks = given.length === 0 ? [] : [{ tick: { partition: 0, quietMs: END_MS } }];
  return foldInterpreted(plan, [...items, ...ticks])
    .map((row) => withoutPositions(printRow(plan.table, row)))
    .sort();
}

test.each(SECOND_KINDS)('%s go by what relays say of records as the plain fold does', (second) => {
  fc.assert(
    fc.property(
      fc.array(one, { maxLength: 25 }),
      fc.constantFrom('0 seconds' as const, '2 seconds' as const),
      fc.integer({ min: 1, max: 8 }),
      (given, lateness, size) => {
        const stages = { first: 'windows', second, lateness: [lateness, lateness] } as const;
        const plan = compileProjection(secondStage('second', stages, { version: 1, events }));
        expect(foldFast(plan, given, size)).toEqual(foldPlain(plan, given));
      },
    ),
    { numRuns: 300 },
  );
});
