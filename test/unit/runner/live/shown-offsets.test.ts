import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UserActed } from '../../../../schemas/index.ts';
import type { Position } from '../../../../src/log/event-log.ts';
import { ShownOffsets, type ShownRunner } from '../../../../src/runner/live/shown-offsets.ts';

const { topic } = UserActed;
let committed: bigint;
let shown: [reader: string, positions: readonly Position[]][];
let failure: Error | null;
let warnings: number;

beforeEach(() => {
  vi.useFakeTimers();
  committed = 0n;
  shown = [];
  failure = null;
  warnings = 0;
});
afterEach(() => vi.useRealTimers());

const runner: ShownRunner = {
  plan: { sources: [{ event: UserActed }] as unknown as ShownRunner['plan']['sources'] },
  running: () => [
    {
      key: { projection: 'metrics', version: 3, partition: 1 },
      committedOffset: () => committed,
    },
  ],
};

function started(): ShownOffsets {
  const offsets = new ShownOffsets(
    {
      log: {
        showOffsets: async (reader, positions) => {
          if (failure !== null) throw failure;
          shown.push([reader, positions]);
        },
      },
      logger: {
        warn: () => {
          warnings += 1;
        },
      },
    },
    () => [runner],
  );
  offsets.start();
  return offsets;
}

const at = (offset: bigint) => ['metrics.v3', [{ topic, partition: 1, offset }]];

test('offsets are shown once a second, when they have moved, and once more at the end', async () => {
  const offsets = started();
  committed = 5n;
  await vi.advanceTimersByTimeAsync(999);
  expect(shown).toEqual([]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(shown).toEqual([at(5n)]);
  committed = 7n;
  committed = 8n;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(shown).toEqual([at(5n), at(8n)]);
  await offsets.stop(async () => {
    committed = 9n;
  });
  expect(shown.at(-1)).toEqual(at(9n));
  committed = 10n;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(shown).toHaveLength(3);
});

test('those that stand still are repeated now and then, because Kafka forgets', async () => {
  started();
  await vi.advanceTimersByTimeAsync(599_000);
  expect(shown).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(shown).toEqual([at(0n), at(0n)]);
});

test('a failure is told once, tried again, and does not hold up the end', async () => {
  const offsets = started();
  failure = new Error('no coordinator');
  await vi.advanceTimersByTimeAsync(5_000);
  expect([warnings, shown]).toEqual([1, []]);
  failure = null;
  await vi.advanceTimersByTimeAsync(1_000);
  expect([warnings, shown]).toEqual([1, [at(0n)]]);
  failure = new Error('gone again');
  committed = 1n;
  let isStopped = false;
  await offsets.stop(async () => {
    isStopped = true;
  });
  expect([warnings, isStopped]).toEqual([2, true]);
});
