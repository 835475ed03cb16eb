import { readFile } from 'node:fs/promises';
import { defineAvroEvent, type RepriseError } from 'reprise';
import { describe, expect, test } from 'vitest';
import { siteEvents } from '../../example/site-events.ts';
import { UserMetrics } from '../../projections/user-metrics.ts';
import { UserActed } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { ProjectionClass } from '../../src/config/reprise-config.ts';
import type { Reprise } from '../../src/reprise.ts';
import { sql, tableDigest } from '../support/read-model.ts';
import { settled } from '../support/settled.ts';
import { useDatabase } from '../support/test-database.ts';

const EVENTS = 3_000;
const SUBJECT = 'user-actions-reprise.example.UserActed';

const database = useDatabase('file');
class Rebuilt extends UserMetrics {
  override readonly version: number = 2;
}

function open(projection: ProjectionClass): Promise<Reprise> {
  return createReprise({
    projections: [projection],
    events: [UserActed],
    database: { type: 'url', url: database.url },
    logLevel: 'silent',
  });
}

/**
 * Publishes the example's user actions as their apps write them. @returns what was acted, in
 * today's terms, and the versions written
 */
async function publishActions(app: Reprise) {
  const acted: UserActed[] = [];
  const versions = new Map<unknown, number>();
  const waiting: Promise<unknown>[] = [];
  const options = { seed: 11, startMs: Date.UTC(2026, 0, 1), ratePerSecond: 20 };
  for (const { event, value } of siteEvents(options)) {
    if (event.topic !== UserActed.topic) continue;
    versions.set(event, (versions.get(event) ?? 0) + 1);
    waiting.push(app.publisher.publish(event, value));
    acted.push(ofToday(value as Readonly<Record<string, unknown>>));
    if (acted.length === EVENTS) break;
  }
  await Promise.all(waiting);
  return { acted, versions };
}

/**
 * What an event says, worked out by hand: thousandths where `amount` is a long, the amount itself
 * where it is a double.
 */
function ofToday(written: Readonly<Record<string, unknown>>): UserActed {
  const { amount } = written;
  if (amount === undefined) return written as unknown as UserActed;
  const value = typeof amount === 'bigint' ? Number(amount) / 1000 : amount;
  return { ...written, value } as unknown as UserActed;
}

describe('UserActed through four versions', () => {
  test('all of them are in the log, and are folded as what they meant, live and rebuilt', async () => {
    const live = await open(UserMetrics);
    await live.setUp();
    await live.runner.start();
    const { acted, versions } = await publishActions(live);
    expect(versions.size).toBe(4);
    expect(Math.min(...versions.values())).toBeGreaterThan(50);
    await settled(live);
    await live.runner.stop();
    const registered = await live.registry.versions(SUBJECT);
    expect(registered.map(({ version }) => version)).toEqual([1, 2, 3, 4]);
    await live.close();

    const rows = await sql<{ events: string; highest: number; user: string }>(
      database.url,
      `select user_id as user, sum(events) as events, max(highest) as highest
       from public.user_metrics group by 1`,
    );
    const wanted = new Map<string, { events: number; highest: number }>();
    for (const { userId, value } of acted) {
      const { events, highest } = wanted.get(userId) ?? { events: 0, highest: value };
      wanted.set(userId, { events: events + 1, highest: Math.max(highest, value) });
    }
    expect(
      new Map(rows.map((row) => [row.user, { events: Number(row.events), highest: row.highest }])),
    ).toEqual(wanted);

    const rebuilt = await open(Rebuilt);
    await rebuilt.versions.rebuild('user_metrics');
    await rebuilt.close();
    expect(await tableDigest(database.url, 'user_metrics__v2')).toBe(
      await tableDigest(database.url, 'user_metrics__v1'),
    );
  });

  test('an incompatible fifth is refused by registry and publisher, in the same words', async () => {
    const text = await readFile('schemas/user-acted.avsc', 'utf8');
    const fifth = defineAvroEvent({
      name: 'UserActed',
      topic: UserActed.topic,
      fields: UserActed.fields,
      schema: text.replace(/"type": "double"/, '"type": "string"'),
    });
    const app = await open(UserMetrics);
    await app.setUp();
    const words = /breaks BACKWARD_TRANSITIVE: the new schema cannot read what version 4 wrote/;
    const refusals = [
      app.registry.register(SUBJECT, fifth.schemaText ?? ''),
      app.publisher.publish(fifth, {}),
    ].map((refusal) =>
      refusal.then(String, ({ code, message }: RepriseError) => ({ code, message })),
    );
    const [byRegistry, byPublisher] = await Promise.all(refusals);
    expect(byRegistry).toEqual({
      code: 'INCOMPATIBLE_SCHEMA',
      message: expect.stringMatching(words) as string,
    });
    expect(byPublisher).toEqual(byRegistry);
    await app.close();
  });
});
