import { afterEach, expect, test, vi } from 'vitest';
import { verifyProjection } from '../../src/cli/terminal/verify-projection.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { ProjectionClass } from '../../src/config/reprise-config.ts';
import { foldInterpreted } from '../../src/fold/oracle/fold-interpreted.ts';
import { columns, int, text } from '../../src/projection/declare/columns.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import { onEveryLog } from '../support/every-log.ts';
import { exampleOn } from '../support/example-app.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { sql } from '../support/read-model.ts';
import { settled } from '../support/settled.ts';
import { useDatabase } from '../support/test-database.ts';

const SOON = { timeout: 60_000, interval: 50 };
const T = Date.UTC(2026, 0, 1);

const database = useDatabase('test');
let app: Reprise | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

onEveryLog('tombstones in a table', ({ brokers }) => {
  const columnsOf = columns({ userId: text().primaryKey(), n: int() });
  /** Of these users events cannot be folded at present. */
  const unlucky = new Set<string>();

  function counts(topic: string, options: { version: number; answer: 'delete' | null }) {
    const { event } = exampleOn(topic);
    return class extends TableProjection {
      readonly name = 'counts';
      readonly version = options.version;
      override readonly onError = options.answer === null ? 'fail' : 'quarantineKey';
      define() {
        const keyed = this.table(columnsOf).key('userId');
        const step = options.answer === null ? keyed : keyed.onTombstone(options.answer);
        return step.on(event, (row, { userId }) => {
          if (unlucky.has(userId)) throw new Error('out of luck');
          return { userId, n: (row?.n ?? 0) + 1 };
        });
      }
    };
  }

  async function open(topic: string, projection: ProjectionClass): Promise<Reprise> {
    const opened = await createReprise({
      projections: [projection],
      events: [exampleOn(topic).event],
      database: { type: 'url', url: database.url },
      log: brokers === undefined ? { type: 'postgres' } : { type: 'kafka', brokers: [...brokers] },
      topicPartitions: 1,
      logLevel: 'silent',
    });
    app = opened;
    return opened;
  }

  async function act(topic: string, userId: string): Promise<void> {
    const { event } = exampleOn(topic);
    const occurredAt = new Date(T);
    await app?.publisher.publish(event, {
      eventId: 'e',
      userId,
      action: 'VIEW',
      value: 1,
      occurredAt,
    });
  }

  async function bury(topic: string, userId: string): Promise<void> {
    await app?.log.append([{ topic, partition: 0, key: Buffer.from(userId), value: null }]);
  }

  const rows = async () =>
    (await sql<{ user_id: string; n: number }>(database.url, 'select * from public.counts'))
      .map(({ user_id, n }) => `${user_id} ${n}`)
      .sort();

  test('delete the row of their key: live, after a restart, behind a quarantined record, verified and rebuilt', async () => {
    const topic = uniqueTopic('users');
    unlucky.clear();
    const first = await open(topic, counts(topic, { version: 1, answer: 'delete' }));
    await first.setUp();
    await first.runner.start();
    for (const user of ['ada', 'alan', 'grace', 'ada']) await act(topic, user);
    await settled(first);
    await bury(topic, 'ada');
    await settled(first);
    expect(await rows()).toEqual(['alan 1', 'grace 1']);
    await first.close();

    const again = await open(topic, counts(topic, { version: 1, answer: 'delete' }));
    await again.runner.start();
    await act(topic, 'ada');
    await bury(topic, 'alan');
    await settled(again);
    expect(await rows()).toEqual(['ada 1', 'grace 1']);
    unlucky.add('grace');
    await act(topic, 'grace');
    await bury(topic, 'grace');
    await vi.waitFor(async () => {
      const letters = await again.deadLetters.list({ projection: 'counts' });
      expect(letters.map(({ quarantine }) => quarantine)).toEqual(['failed', 'waiting']);
    }, SOON);
    expect(await rows()).toEqual(['ada 1', 'grace 1']);
    unlucky.clear();
    expect(await again.deadLetters.redrive({ projection: 'counts' })).toMatchObject({
      redriven: 2,
      waiting: 0,
    });
    expect(await rows()).toEqual(['ada 1']);
    await again.runner.stop();
    expect(await again.versions.verify('counts')).toMatchObject({ differentRows: 0 });
    const [plan] = again.plans;
    expect(await verifyProjection(again, plan as never, foldInterpreted)).toEqual([]);
    await again.close();

    const rebuilt = await open(topic, counts(topic, { version: 2, answer: 'delete' }));
    await rebuilt.versions.rebuild('counts');
    await rebuilt.versions.activate('counts');
    expect(await rows()).toEqual(['ada 1']);
    expect(await rebuilt.deadLetters.list({ projection: 'counts' })).toEqual([]);
  });

  test('halt the task where nothing is declared, and the next version answers', async () => {
    const topic = uniqueTopic('users');
    const silent = await open(topic, counts(topic, { version: 1, answer: null }));
    await silent.setUp();
    await silent.runner.start();
    await act(topic, 'ada');
    await act(topic, 'alan');
    await settled(silent);
    await bury(topic, 'ada');
    await vi.waitFor(async () => {
      const [task] = (await silent.status())[0]?.tasks ?? [];
      expect(task?.state).toBe('halted');
      expect(task?.error).toMatch(/^TOMBSTONE: .*\[0\]@2: .*\.onTombstone\('delete'\)/);
    }, SOON);
    expect(await rows()).toEqual(['ada 1', 'alan 1']);
    await silent.close();
    const next = await open(topic, counts(topic, { version: 2, answer: 'delete' }));
    await next.versions.rebuild('counts');
    await next.versions.activate('counts');
    expect(await rows()).toEqual(['alan 1']);
  });
});
