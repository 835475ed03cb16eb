import { afterEach, beforeEach, expect, test } from 'vitest';
import { FraudSuspected, LoginAttempted } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { ProjectionClass } from '../../src/config/reprise-config.ts';
import type { EventDefinition } from '../../src/event/event-definition.ts';
import { begin } from '../../src/projection/declare/pattern.ts';
import { PatternProjection } from '../../src/projection/declare/pattern-projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import { onEveryLog } from '../support/every-log.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

const T = Date.UTC(2026, 0, 1);

type Attempts = EventDefinition<LoginAttempted>;

/** An alert for every failed log-in on some topics. */
function failures(
  version: number,
  alert: EventDefinition<FraudSuspected>,
  [first, second]: readonly [Attempts, Attempts?],
): ProjectionClass {
  class Failures extends PatternProjection {
    readonly name = 'failures';
    readonly version = version;
    define() {
      const source =
        second === undefined
          ? this.from(first)
          : this.from<[LoginAttempted, LoginAttempted]>(first, second);
      return source
        .key('userId')
        .pattern(begin('one', { where: { result: 'FAILURE' } }), { idle: 'off' })
        .row((m) => ({ failedAt: m.one.occurredAt }))
        .alert(alert, (m) => ({
          userId: m.one.userId,
          firstFailureAt: m.one.occurredAt,
          at: m.one.occurredAt,
        }));
    }
  }
  return Failures as unknown as ProjectionClass;
}

onEveryLog('a version that reads other topics than the one before', ({ brokers }) => {
  const database = useDatabase('test');
  let web: Attempts;
  let phone: Attempts;
  let fraud: EventDefinition<FraudSuspected>;
  let nowMs = T;
  const apps: Reprise[] = [];

  beforeEach(async () => {
    fraud = { ...FraudSuspected, topic: uniqueTopic('fraud') };
    web = { ...LoginAttempted, topic: uniqueTopic('web') };
    phone = { ...LoginAttempted, topic: uniqueTopic('phone') };
  });

  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
  });

  const failuresOn = (version: number, ...topics: readonly [Attempts, Attempts?]) =>
    failures(version, fraud, topics);

  async function open(projection: ProjectionClass): Promise<Reprise> {
    const app = await createReprise({
      projections: [projection],
      events: [web, phone, fraud],
      database: { type: 'url', url: database.url },
      ...(brokers && {
        log: { type: 'kafka', brokers: [...brokers] },
        registry: { type: 'postgres' },
      }),
      topicPartitions: 2,
      logLevel: 'silent',
    });
    apps.push(app);
    await app.setUp();
    return app;
  }

  /** Failed log-ins of users, later than any before. */
  async function fail(app: Reprise, on: Attempts, ...users: readonly string[]): Promise<void> {
    for (const userId of users) {
      nowMs += 1_000;
      const occurredAt = new Date(nowMs);
      await app.publisher.publish(on, { userId, result: 'FAILURE', address: '', occurredAt });
    }
  }

  async function takeOver(projection: ProjectionClass): Promise<Reprise> {
    const app = await open(projection);
    await app.versions.rebuild('failures');
    await app.versions.activate('failures');
    return app;
  }

  /** Alerts that no relay has taken from the outbox, by user: nobody runs. */
  async function toBePublished(): Promise<readonly string[]> {
    const rows = await sql<{ user: string }>(
      database.url,
      `select convert_from(key, 'UTF8') as user from reprise.outbox where not held order by 1`,
    );
    return rows.map(({ user }) => user);
  }

  test('a topic more, one less, one again: what both read is compared, and every alert is published once', async () => {
    const first = await open(failuresOn(1, web));
    await fail(first, web, 'w1', 'w2', 'w3');
    await first.versions.rebuild('failures');
    await first.versions.activate('failures');
    expect(await toBePublished()).toEqual(['w1', 'w2', 'w3']);
    await fail(first, phone, 'p1', 'p2');
    await takeOver(failuresOn(2, web, phone));
    expect(await toBePublished()).toEqual(['p1', 'p2', 'w1', 'w2', 'w3']);
    await fail(first, phone, 'p3');
    const third = await takeOver(failuresOn(3, phone));
    expect(await toBePublished()).toEqual(['p1', 'p2', 'p3', 'w1', 'w2', 'w3']);
    await fail(first, web, 'w4');
    await takeOver(failuresOn(4, web, phone));
    expect(await toBePublished()).toEqual(['p1', 'p2', 'p3', 'w1', 'w2', 'w3', 'w4']);
    expect(await third.versions.rollback('failures')).toMatchObject({
      version: 3,
      previousVersion: 4,
    });
    expect(await toBePublished()).toHaveLength(7);
  });

  test('after its topic was created again, a rebuilt version takes over, and the old one can be retired', async () => {
    const first = await takeOver(failuresOn(1, web));
    await fail(first, web, 'w1', 'w2');
    await takeOver(failuresOn(2, web));
    // As if what version 2 has read had lain in another topic of the name.
    await sql(
      database.url,
      "update reprise.checkpoints set topic_id = 'another' where version = 2",
    );
    await sql(
      database.url,
      'update reprise.checkpoints set next_offset = next_offset + 1000 where version = 2',
    );
    await sql(database.url, 'delete from reprise.outbox');
    const third = await takeOver(failuresOn(3, web));
    await third.versions.retire('failures', 2);
    expect(await toBePublished()).toEqual(['w1', 'w2']);
  });

  test('after its log lost its tail, a rebuilt version takes over without waiting for what is gone', async () => {
    const first = await open(failuresOn(1, web));
    await fail(first, web, 'w1', 'w2');
    await takeOver(failuresOn(1, web));
    await sql(database.url, 'update reprise.checkpoints set next_offset = next_offset + 1000');
    await takeOver(failuresOn(2, web));
    expect(await toBePublished()).toEqual(['w1', 'w2']);
    await fail(first, web, 'w3');
    await takeOver(failuresOn(3, web));
    expect(await toBePublished()).toEqual(['w1', 'w2', 'w3']);
  });
});
