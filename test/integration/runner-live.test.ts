import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { UserMetrics } from '../../projections/user-metrics.ts';
import type { Position } from '../../src/log/event-log.ts';
import type { Reprise } from '../../src/reprise.ts';
import { onEveryLog } from '../support/every-log.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { differences } from '../support/oracle.ts';
import { sql, tableDigest } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

onEveryLog('the main job', (log) => {
  const database = useDatabase('file');
  let app: Reprise;
  let positions: Position[];

  const example = exampleOn(uniqueTopic('user-actions'));

  const open = (version = 1) =>
    createTestApp({ databaseUrl: database.url, example, version, ...log });

  beforeAll(async () => {
    app = await open();
    await app.setUp();
    positions = await publishAll(app, example, exampleEvents(3_000));
    await app.runner.start();
  });

  afterAll(async () => {
    await app.close();
  });

  async function waitForAll(reader: Reprise, awaited: readonly Position[]): Promise<void> {
    const last = new Map(awaited.map((position) => [position.partition, position]));
    for (const position of awaited) {
      const known = last.get(position.partition);
      if (known === undefined || position.offset > known.offset)
        last.set(position.partition, position);
    }
    for (const position of last.values()) await reader.readModels.waitFor('user_metrics', position);
  }

  test('events become rows that equal an independent fold of the log', async () => {
    await waitForAll(app, positions);
    expect(await differences(app, example)).toEqual([]);
  });

  test('queries are typed and answered from the stable view', async () => {
    const row = await app.readModels
      .query<UserMetrics>('user_metrics')
      .where('user_id', 'user-1')
      .orderBy('window_start')
      .first();
    expect(row?.window_start).toBeInstanceOf(Date);
    expect(typeof row?.events).toBe('bigint');
    expect(typeof row?.average).toBe('number');
    expect(Object.keys(row ?? {})).not.toContain('_partition');
  });

  test('waitFor gives read-your-writes, and says where the checkpoint stands when it takes too long', async () => {
    const [event] = exampleEvents(1, 99);
    if (event === undefined) throw new Error('no event');
    const position = await app.publisher.publish(example.event, { ...event, userId: 'reader' });
    await app.readModels.waitFor('user_metrics', position);
    const rows = await app.readModels.query<UserMetrics>('user_metrics').where('user_id', 'reader');
    expect(rows.map(({ events }) => events)).toEqual([1n]);
    await expect(
      app.readModels.waitFor(
        'user_metrics',
        { ...position, offset: position.offset + 1_000n },
        { timeoutMs: 50 },
      ),
    ).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  test('a rebuild beside the live version gives byte-identical rows (law 1), and activate swaps the view', async () => {
    const next = await open(2);
    try {
      await expect(next.versions.activate('user_metrics')).rejects.toMatchObject({
        code: 'ACTIVATE_REFUSED',
      });
      const phases = new Set<string>();
      const report = await next.versions.rebuild('user_metrics', {
        onProgress: ({ phase }) => phases.add(phase),
      });
      expect(report).toMatchObject({ name: 'user_metrics', version: 2, records: 3_001 });
      expect(phases).toContain('done');
      expect(await tableDigest(database.url, 'user_metrics__v2')).toBe(
        await tableDigest(database.url, 'user_metrics__v1'),
      );
      await expect(next.versions.rebuild('user_metrics')).rejects.toMatchObject({
        code: 'REBUILD_REFUSED',
      });

      const more = await publishAll(app, example, exampleEvents(500, 7));
      await waitForAll(app, more);
      expect(await next.versions.activate('user_metrics')).toEqual({
        name: 'user_metrics',
        version: 2,
        previousVersion: 1,
      });
      expect(await tableDigest(database.url, 'user_metrics__v2')).toBe(
        await tableDigest(database.url, 'user_metrics__v1'),
      );
      expect(await differences(next, example)).toEqual([]);
    } finally {
      await next.close();
    }
  });

  test('after the switch the new version goes on, and so does the old one where its code still runs, to be there for a rollback', async () => {
    const next = await open(2);
    try {
      await next.runner.start();
      const more = await publishAll(app, example, exampleEvents(300, 8));
      await waitForAll(next, more);
      expect(await differences(next, example)).toEqual([]);
      await vi.waitFor(
        async () =>
          expect(await tableDigest(database.url, 'user_metrics__v1')).toBe(
            await tableDigest(database.url, 'user_metrics__v2'),
          ),
        { timeout: 30_000, interval: 200 },
      );
    } finally {
      await next.close();
    }
  });

  test('status tells versions, lag and states', async () => {
    const statuses = await app.status();
    expect(statuses.map(({ version, state }) => [version, state])).toEqual([
      [1, 'ready'],
      [2, 'active'],
    ]);
    expect(statuses[1]?.lagRecords).toBe(0n);
    expect(statuses[1]?.tasks).toHaveLength(4);
  });

  test('a changed shape without a raised version is refused', async () => {
    await sql(
      database.url,
      "update reprise.projection_versions set fingerprint = 'other' where projection = 'user_metrics'",
    );
    const again = await open(2);
    await expect(again.runner.start()).rejects.toMatchObject({ code: 'VERSION_NOT_RAISED' });
    await again.close();
  });
});
