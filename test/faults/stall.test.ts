import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EventLog } from '../../src/log/event-log.ts';
import { createPool } from '../../src/readmodel/pool.ts';
import { createRunner } from '../../src/runner/runner.ts';
import { createFaultBench, type FaultBench } from '../support/fault-bench.ts';

let bench: FaultBench;

beforeAll(async () => {
  bench = await createFaultBench({});
});

afterAll(() => bench.close());

/**
 * A log whose first reads never give anything, as a fetch that is never answered; later ones work.
 */
function hangingAtFirst(log: EventLog, reads: number): EventLog {
  let left = reads;
  return {
    ...log,
    describe: (topics) => log.describe(topics),
    read(positions, options) {
      if (left === 0) return log.read(positions, options);
      left -= 1;
      return (async function* hang() {
        await new Promise<void>((resolve) => {
          options?.signal?.addEventListener('abort', () => resolve(), { once: true });
          if (options?.signal?.aborted === true) resolve();
        });
      })();
    },
  };
}

test('a reader that hangs while the log goes on is noticed, told, and opened again (row 34)', async () => {
  const told: string[] = [];
  const logger = pino(
    { level: 'error' },
    { write: (line: string) => void told.push((JSON.parse(line) as { msg: string }).msg) },
  );
  const pool = createPool({ url: bench.databaseUrl });
  const { log, registry, plans } = bench.app;
  const runner = createRunner(
    {
      pool,
      log: hangingAtFirst(log, 8),
      registry,
      logger,
      owner: 'stalled/1/a',
      leaseMs: 500,
      stalledMs: 1_000,
    },
    plans,
  );
  try {
    await runner.start();
    await bench.publish(400);
    await bench.caughtUp();
    expect(told).toContain('no progress');
  } finally {
    await runner.stop();
    await pool.end();
  }
  await bench.expectExact();
});
