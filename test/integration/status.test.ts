import { Pool } from 'pg';
import { expect, test } from 'vitest';
import type { Plan } from '../../src/projection/plan.ts';
import { ensureVersion } from '../../src/runner/first-start.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { createTestDatabase } from '../support/test-database.ts';

test('a version whose tasks nobody has made yet lags by the whole log, and says so for each partition', async () => {
  const example = exampleOn('user-actions');
  const database = await createTestDatabase();
  const app = await createTestApp({ databaseUrl: database.url, example });
  const pool = new Pool({ connectionString: database.url });
  try {
    await app.setUp();
    await publishAll(app, example, exampleEvents(1_000));
    expect(await app.status()).toEqual([]);
    // Where a process was killed, or lost its broker, between its first two steps.
    expect(await ensureVersion({ pool }, app.plans[0] as Plan)).toBe('active');
    const [status] = await app.status();
    expect(status).toMatchObject({ version: 1, state: 'active', rows: 0n, lagRecords: 1_000n });
    const none = { state: 'idle', owner: null, epoch: 0n, nextOffset: 0n, watermark: null };
    expect(status?.tasks).toMatchObject([0, 1, 2, 3].map((partition) => ({ partition, ...none })));
    await app.runner.start();
    await expect.poll(async () => (await app.status())[0]?.lagRecords).toBe(0n);
    expect((await app.status())[0]?.tasks).toHaveLength(4);
  } finally {
    await app.close();
    await pool.end();
    await database.drop();
  }
});
