import { expect, test, vi } from 'vitest';
import { migrate } from '../../src/postgres/migrate.ts';
import { createFaultBench } from '../support/fault-bench.ts';
import { startOwnPostgres } from '../support/own-postgres.ts';
import { sql } from '../support/read-model.ts';
import { canMount, mountSmallDisk } from '../support/small-disk.ts';

const SOON = { timeout: 60_000, interval: 50 };
if (canMount()) {
  test('a runner whose disk is really full waits, says so, and resumes (row 12)', fullDisk);
} else {
  console.warn('No right to mount a small disk here: a disk that is really full is not tested.');
  test('a disk that is really full is not tested here', () => expect(canMount()).toBe(false));
}

async function fullDisk(): Promise<void> {
  const disk = mountSmallDisk();
  const postgres = await startOwnPostgres();
  try {
    await sql(postgres.url(), `create tablespace small location '${disk.path}'`);
    await sql(postgres.url(), 'create database app');
    await migrate(postgres.url('app'));
    const bench = await createFaultBench({ databaseUrl: postgres.url('app') });
    const status = async () => (await bench.app.status())[0]?.tasks ?? [];
    await bench.publish(200);
    await bench.app.runner.start();
    await bench.caughtUp();
    await sql(postgres.url('app'), 'alter table user_metrics__v1 set tablespace small');
    disk.fill();
    await vi.waitFor(async () => {
      await bench.publish(500);
      expect(await status()).toContainEqual(
        expect.objectContaining({
          state: 'paused',
          error: expect.stringContaining('No space left on device'),
        }),
      );
    }, SOON);
    expect(await bench.app.health.check()).toMatchObject({ isReady: false });
    disk.makeRoom();
    await bench.caughtUp();
    expect(await sql(postgres.url('app'), 'select from reprise.dead_letters')).toEqual([]);
    await bench.expectExact();
    await bench.close();
  } finally {
    await postgres.remove();
    disk.remove();
  }
}
