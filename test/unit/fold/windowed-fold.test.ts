import { describe, expect, it } from 'vitest';
import { createTaskFold } from '../../../src/fold/create-task-fold.ts';
import { foldInterpreted } from '../../../src/fold/oracle/fold-interpreted.ts';
import type { WindowedPlan } from '../../../src/projection/plan/plan.ts';
import { changedRows, feed, foldLive, foldPartially, mergeParts, startingAt } from './drive.ts';
import { type PlanChoice, planOf } from './plans.ts';
import type { Logged, LoggedReading, Reading } from './readings.ts';
import { batchOf, logOf, plain, SCHEMA_TEXT } from './readings.ts';
import { printRow, StoredTable } from './stored-table.ts';

const minute = 60_000;
const base = 1_700_000_040_000; // a whole minute
const choice: PlanChoice = {
  keys: ['userId'],
  time: 'at',
  where: [],
  sizeMs: minute,
  offsetMs: 0,
  latenessMs: 10_000,
  measures: ['events', 'valueSum', 'valueMax', 'totalMin', 'totalSum'],
};
const plan = planOf(choice);

const reading = (atMs: number, changes: Partial<Reading> = {}): LoggedReading => ({
  event: { ...plain, at: new Date(atMs), stamp: BigInt(atMs) * 1000n, ...changes },
  timestampMs: base,
  gap: 0,
});

function expectAsInterpreted(plan: WindowedPlan, log: readonly Logged[], table: StoredTable) {
  const expected = foldInterpreted(plan, log).map((row) => printRow(plan.table, row));
  expect(table.view()).toEqual(expected.sort());
}

describe('dead letters', () => {
  it('are made of events too far ahead of their record, which leave the watermark alone', () => {
    const readings = [reading(base), reading(base + 3_600_000), reading(base + 3_600_001)];
    const { fold, table, deadLetters } = foldLive(plan, logOf(readings));
    expect(deadLetters).toMatchObject([
      { offset: 2n, reason: 'FUTURE', topic: 'readings', partition: 0 },
    ]);
    expect(deadLetters[0]?.message).toContain('readings[0]@2');
    expect(deadLetters[0]?.value?.length).toBeGreaterThan(5);
    expect(fold.maxEventTimeMs).toBe(base + 3_600_000);
    expect(fold.watermarkMs).toBe(base + 3_590_000);
    expect(table.count).toBe(2);
  });

  it('are made of null keys, whose events still move the watermark', () => {
    const { fold, table, deadLetters } = foldLive(
      plan,
      logOf([reading(base + 5, { userId: null })]),
    );
    expect(deadLetters).toMatchObject([{ offset: 0n, reason: 'NULL_KEY' }]);
    expect(deadLetters[0]?.message).toContain('readings[0]@0');
    expect(deadLetters[0]?.message).toContain('userId');
    expect(fold.maxEventTimeMs).toBe(base + 5);
    expect(table.count).toBe(0);
  });

  it.each([
    ['a zero character', 'a\0b'],
    ['the mark of bytes that are not UTF-8', 'a\ufffdb'],
    ['more bytes than an index takes', 'é'.repeat(1251)],
  ])('are made of keys that Postgres cannot hold: %s', (_, userId) => {
    for (const keys of [['userId'], ['userId', 'tenant']] as const) {
      const log = logOf([reading(base), reading(base, { userId }), reading(base, { userId })]);
      const { table, deadLetters } = foldLive(planOf({ ...choice, keys }), log);
      expect(deadLetters.map(({ offset, reason }) => [offset, reason])).toEqual([
        [1n, 'DECODE_FAILED'],
        [2n, 'DECODE_FAILED'],
      ]);
      expect(table.count).toBe(1);
    }
  });

  it('are made of keys whose bytes are not UTF-8', () => {
    const log = logOf([reading(base, { userId: 'aXb' }), reading(base, { userId: 'aYb' })]);
    for (const { value } of log) value?.writeUInt8(0xff, value.indexOf('a') + 1);
    const { table, deadLetters } = foldLive(plan, log);
    expect(deadLetters).toHaveLength(2);
    expect(table.count).toBe(0);
  });

  it('are made of times that no calendar holds, which leave the watermark alone', () => {
    const earliest = -210_866_803_200_000;
    const all = planOf({ ...choice, time: 'stamp', measures: ['events', 'seenAtMin'] });
    const log = logOf([
      reading(earliest - 1),
      reading(earliest),
      reading(base, { seenAt: new Date(earliest - 1) }),
    ]);
    const { fold, table, deadLetters } = foldLive(all, log.slice(0, 2));
    expect(deadLetters).toMatchObject([{ offset: 0n, reason: 'DECODE_FAILED' }]);
    expect(fold.maxEventTimeMs).toBe(earliest);
    expect(table.count).toBe(1);
    expect(foldLive(all, log).deadLetters.map(({ offset }) => offset)).toEqual([0n, 2n]);
    const { timestampMs } = { timestampMs: 8.64e15 };
    const last = logOf([{ ...reading(base, { stamp: 8_640_000_000_000_000_000n }), timestampMs }]);
    expect(foldLive(all, last).deadLetters).toMatchObject([{ reason: 'DECODE_FAILED' }]);
  });

  it('are made of filters that throw and of bytes that are no event, by offset', () => {
    const where = [
      () => {
        throw new Error('no');
      },
    ];
    const log = logOf([reading(base), reading(base + 9e6), reading(base)]);
    const broken = log.map((each, i) => (i === 2 ? { ...each, value: Buffer.from('x') } : each));
    const { deadLetters } = foldLive(planOf({ ...choice, where }), broken);
    expect(deadLetters.map(({ reason }) => reason)).toEqual([
      'HANDLER_FAILED',
      'FUTURE',
      'NOT_CONFLUENT',
    ]);
    expect(deadLetters[0]?.message).toContain('no');
    expect(deadLetters.map(({ value }) => value)).toEqual(broken.map(({ value }) => value));
  });

  it('carry the reason why there is no schema', () => {
    const fold = createTaskFold(plan, { clock: startingAt(null), mode: 'live' });
    const batch = batchOf(logOf([reading(base)]));
    expect(fold.unresolvedSchemas(batch)).toEqual([{ event: plan.sources[0]?.event, schemaId: 7 }]);
    fold.resolveSchema(7, new Error('the registry has none'));
    expect(fold.unresolvedSchemas(batch)).toEqual([]);
    fold.prepare(batch);
    expect(fold.apply(batch)).toMatchObject([
      { reason: 'DECODE_FAILED', message: expect.stringContaining('the registry has none') },
    ]);
  });
});

describe('a window', () => {
  it.each([
    [0, 0, 0],
    [59_999, 0, 0],
    [60_000, 0, 60_000],
    [-1, 0, -60_000],
    [-60_000, 0, -60_000],
    [-60_001, 0, -120_000],
    [5, 10, -59_990],
    [-59_991, 10, -119_990],
    [0, -60_001, -1],
  ])('holds the time %d, with offset %d, from %d', (timestampMs, offsetMs, startMs) => {
    const log = logOf([{ ...reading(0), timestampMs }]);
    const [row] = foldLive(planOf({ ...choice, time: null, offsetMs }), log).table.view();
    const [start, end] = [startMs, startMs + minute].map((ms) => new Date(ms).toISOString());
    expect(row).toContain(`window_start at ${start}; window_end at ${end}`);
  });

  it('is open until the watermark reaches its end', () => {
    const late = (afterMs: number) =>
      foldLive(plan, logOf([reading(base), reading(base + minute + afterMs), reading(base + 1)]))
        .fold.lateCount;
    expect(late(9_999)).toBe(0);
    expect(late(10_000)).toBe(1);
  });

  it('takes the record timestamp where the time field is null', () => {
    const { table } = foldLive(plan, logOf([reading(base, { at: null })]));
    expect(table.view()[0]).toContain(`window_start at ${new Date(base).toISOString()}`);
  });

  it('counts events that a filter refuses for the watermark only', () => {
    const where = [{ grade: 'HIGH' }];
    const { fold, table } = foldLive(planOf({ ...choice, where }), logOf([reading(base + 7)]));
    expect(fold.maxEventTimeMs).toBe(base + 7);
    expect(table.count).toBe(0);
  });
});

describe('memory', () => {
  /** No pair of doubles holds their sum. */
  const HARD = [0.1, 1e17, -1e-9, 2 ** 80] as const;

  /** Rounds of windows, each with many keys; in each round, some events for windows long closed. */
  function rounds(count: number): Logged[] {
    const readings: LoggedReading[] = [];
    for (let round = 0; round < count; round += 1) {
      for (let i = 0; i < 3000; i += 1) {
        const lateness = i % 99 === 7 ? 3 * minute : 0;
        const atMs = base + round * minute + (i % 60_000) - lateness;
        const total = i % 11 === 0 ? 2n ** 60n + BigInt(i) : BigInt(i);
        const value = i % 13 === 0 ? null : HARD[(i + Math.floor(i / 750)) % 4]!;
        readings.push({
          ...reading(atMs, { userId: `u${i % 750}`, total, value }),
          timestampMs: atMs,
        });
      }
    }
    return logOf(readings);
  }

  it('forgets committed rows of closed windows, and folds late events into them all the same', () => {
    const log = rounds(20);
    const { table, fold } = foldLive(plan, log, { sizes: [997], after: ['flush'] });
    expect(table.count).toBeGreaterThan(14_000);
    expect(fold.lateCount).toBe(20 * 31);
    expect(fold.rowCount).toBeLessThan(2 * 1_500 + 4_096 + 997); // two rounds are open
    expectAsInterpreted(plan, log, table);
    expect(table.printed()).toEqual(foldLive(plan, log).table.printed());
  });

  it('knows its rows again when it has forgotten the keys that left', () => {
    const readings: LoggedReading[] = [];
    for (let i = 0; i < 130_000; i += 1) {
      const round = Math.floor(i / 1000);
      const atMs = base + round * minute;
      // Ten keys come first and last in each window, in another order each time; most batches end
      // between.
      const isBack = i % 1000 < 10 || i % 1000 >= 990;
      const userId = isBack ? `back ${(i + round) % 10}` : `once ${i}`;
      readings.push({ ...reading(atMs, { userId }), timestampMs: atMs });
    }
    const small = planOf({ ...choice, measures: ['events'] });
    const log = logOf(readings);
    const course = { sizes: [5000, 7, 1, 1], after: ['flush'] } as const;
    const { table } = foldLive(small, log, course);
    expectAsInterpreted(small, log, table);
    expect(mergeParts(small, foldPartially(small, log, course)).printed()).toEqual(table.printed());
  });

  it('does not forget what is not committed', () => {
    const log = rounds(6);
    const { table } = foldLive(plan, log, {
      sizes: [997, 2000],
      after: ['go on', 'go on', 'flush'],
    });
    expectAsInterpreted(plan, log, table);
  });

  it('asks for the rows that a restarted fold lacks, each once', () => {
    const log = logOf([reading(base), reading(base, { userId: 'b' }), reading(base + 5 * minute)]);
    const { table } = foldLive(plan, log);
    const fold = createTaskFold(plan, { clock: startingAt(base + 5 * minute), mode: 'live' });
    const wanted = { table: plan.table, column: 'window_end', afterMs: base + 5 * minute - 10_000 };
    expect(fold.preload()).toEqual([wanted]);
    fold.absorb(plan.table, table.after(wanted));
    expect(fold.rowCount).toBe(1);
    expect(fold.takeChanges().tables).toEqual([]);
    const batch = batchOf(
      logOf([reading(base), reading(base + 1), reading(base, { userId: 'new' })]),
    );
    fold.resolveSchema(7, SCHEMA_TEXT);
    const [missing] = fold.prepare(batch);
    expect(missing?.keys.count).toBe(2);
    expect(missing?.keys.columns.map(({ type }) => type)).toEqual(['text', 'timestamptz']);
    fold.absorb(plan.table, table.load(missing!.keys));
    fold.apply(batch);
    expect(fold.takeChanges().tables[0]?.rows.count).toBe(2);
    expect(fold.takeChanges().tables).toEqual([]);
  });

  it('has rows of windows that end after the watermark, and asks for those that end at it', () => {
    const log = logOf([reading(base), reading(base + minute + 10_000)]);
    const { table, fold: before } = foldLive(plan, log);
    expect(before.watermarkMs).toBe(base + minute);
    const fold = createTaskFold(plan, { clock: startingAt(before.maxEventTimeMs), mode: 'live' });
    fold.absorb(plan.table, table.after(fold.preload()[0]!));
    expect(fold.rowCount).toBe(1);
    feed(fold, logOf([reading(base + minute), reading(base + minute - 1)]), table);
    table.upsert(changedRows(fold)[0]!);
    expect(table.view().map((row) => /events \d/.exec(row)?.[0])).toEqual(['events 2', 'events 2']);
  });

  it('is empty after each takeChanges of a partial fold', () => {
    const fold = createTaskFold(plan, { clock: startingAt(base), mode: 'partial' });
    expect(fold.preload()).toEqual([]);
    const log = logOf([reading(base - 10 * minute), reading(base)]);
    feed(fold, log, new StoredTable(plan.table));
    expect(fold.takeChanges().tables[0]?.rows.count).toBe(2);
    expect(fold.rowCount).toBe(0);
    expect(fold.takeChanges().tables).toEqual([]);
  });
});

it('refuses to apply a batch that was not prepared', () => {
  const fold = createTaskFold(plan, { clock: startingAt(null), mode: 'live' });
  expect(() => fold.apply(batchOf(logOf([reading(base)])))).toThrow('prepare');
});
