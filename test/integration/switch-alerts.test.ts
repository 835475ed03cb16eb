import { expect, test } from 'vitest';
import { LoginFraud } from '../../projections/login-fraud.ts';
import { FraudSuspected, LoginAttempted } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { ProjectionClass } from '../../src/config/reprise-config.ts';
import type { Reprise } from '../../src/reprise.ts';
import { sql } from '../support/read-model.ts';
import { settled } from '../support/settled.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase('test');
const T = Date.UTC(2026, 0, 1);

class Next extends LoginFraud {
  override readonly version: number = 2;
}

function open(projection: ProjectionClass): Promise<Reprise> {
  return createReprise({
    projections: [projection],
    events: [LoginAttempted, FraudSuspected],
    database: { type: 'url', url: database.url },
    logLevel: 'silent',
  });
}

/**
 * Each of the users fails three times in a row: a match, and an alert, for each. Event time goes on
 * from `startMs`.
 */
async function failThrice(app: Reprise, users: readonly string[], startMs: number): Promise<void> {
  const attempts = users.flatMap((userId, i) =>
    [0, 1, 2].map((n) =>
      app.publisher.publish(LoginAttempted, {
        userId,
        result: 'FAILURE',
        address: '192.0.2.1',
        occurredAt: new Date(startMs + i * 10_000 + n * 1_000),
      }),
    ),
  );
  await Promise.all(attempts);
}

/** Users whom an alert names, once for each alert. */
async function alerted(app: Reprise): Promise<readonly string[]> {
  const topics = await app.log.describe([FraudSuspected.topic]);
  const positions = [...topics.values()].flatMap(({ topic, partitions }) =>
    partitions.flatMap(({ partition, stableEndOffset }) =>
      stableEndOffset > 0n ? [{ topic, partition, offset: 0n, untilOffset: stableEndOffset }] : [],
    ),
  );
  const keys: string[] = [];
  if (positions.length === 0) return keys;
  for await (const batch of app.log.read(positions)) {
    for (let i = 0; i < batch.count; i += 1) {
      keys.push(batch.bytes.toString('utf8', batch.keyStart[i], batch.keyEnd[i]));
    }
  }
  return keys.sort();
}

const users = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${name}${i}`);

const early = users('early', 20);
const late = users('late', 20);

/** A log of which version 1 has folded the first half, and published its alerts. */
async function halfFolded(): Promise<void> {
  const live = await open(LoginFraud);
  await live.setUp();
  await live.runner.start();
  await failThrice(live, early, T);
  await settled(live);
  await live.runner.stop();
  expect(await alerted(live)).toEqual([...early].sort());
  await failThrice(live, late, T + 3_600_000);
  await live.close();
}

test('a version built past where the live one stands publishes what the live one did not come to', async () => {
  await halfFolded();
  const next = await open(Next);
  await next.versions.rebuild('login_fraud');
  await next.versions.activate('login_fraud');
  await next.runner.start();
  await settled(next);
  const matches = await sql(database.url, 'select 1 from public.login_fraud');
  expect(matches).toHaveLength(40);
  expect(await alerted(next)).toEqual([...early, ...late].sort());
  await next.close();
});

test('what the live version publishes between a rebuild and the switch is not published again', async () => {
  await halfFolded();
  const next = await open(Next);
  await next.versions.rebuild('login_fraud');
  const again = await open(LoginFraud);
  await again.runner.start();
  await settled(again);
  await again.close();
  await next.versions.activate('login_fraud');
  await next.runner.start();
  await settled(next);
  expect(await alerted(next)).toEqual([...early, ...late].sort());
  await next.close();
});
