import { expect, test } from 'vitest';
import { LoginFraud } from '../../projections/login-fraud.ts';
import { FraudSuspected, LoginAttempted } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { ProjectionClass } from '../../src/config/reprise-config.ts';
import type { EventDefinition } from '../../src/event/event-definition.ts';
import { recordAt } from '../../src/log/record-at.ts';
import { begin } from '../../src/projection/declare/pattern.ts';
import type { Reprise } from '../../src/reprise.ts';
import { isRepriseError } from '../../src/reprise-error.ts';
import { onEveryLog } from '../support/every-log.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { sql } from '../support/read-model.ts';
import { settled } from '../support/settled.ts';
import { createTestDatabase } from '../support/test-database.ts';

const T = Date.UTC(2026, 0, 1);
const SWITCHES = 6;
const SOON_MS = 120_000;

onEveryLog('six switches under load', ({ brokers }) => {
  test('publish every alert, each once', { timeout: 400_000 }, async () => {
    const attempted = { ...LoginAttempted, topic: uniqueTopic('attempts') };
    const fraud = { ...FraudSuspected, topic: uniqueTopic('fraud') };
    const database = await createTestDatabase();
    const open = async (version: number): Promise<Reprise> => {
      const app = await createReprise({
        projections: [fraudOn(version, attempted, fraud)],
        events: [attempted, fraud],
        database: { type: 'url', url: database.url },
        ...(brokers && {
          log: { type: 'kafka', brokers: [...brokers] },
          registry: { type: 'postgres' },
        }),
        topicPartitions: 2,
        logLevel: 'silent',
      });
      await app.setUp();
      return app;
    };
    const first = await open(1);
    const second = await open(2);
    const stop = new AbortController();
    let publishing: Promise<void> = Promise.resolve();
    try {
      await first.runner.start();
      publishing = failOn(first, attempted, stop.signal);
      await second.versions.rebuild('login_fraud');
      await second.runner.start();
      for (let n = 0; n < SWITCHES; n += 1) {
        await untilDone(() =>
          n % 2 === 0
            ? second.versions.activate('login_fraud')
            : second.versions.rollback('login_fraud'),
        );
      }
      stop.abort();
      await publishing;
      await settled(first);
      await settled(second);
      const [matches] = await sql<{ n: number }>(
        database.url,
        'select count(*)::int as n from public.login_fraud',
      );
      const ids = await idsOf(first, fraud.topic);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.length).toBe(matches?.n);
      expect(ids.length).toBeGreaterThan(10);
    } finally {
      stop.abort();
      await publishing;
      await second.close();
      await first.close();
      await database.drop();
    }
  });
});

function fraudOn(
  version: number,
  attempted: EventDefinition<LoginAttempted>,
  fraud: EventDefinition<FraudSuspected>,
): ProjectionClass {
  class Fraud extends LoginFraud {
    override readonly version: number = version;
    override define() {
      const failed = { where: { result: 'FAILURE' } } as const;
      return this.from(attempted)
        .key('userId')
        .pattern(
          begin('first', failed).next('second', failed).next('third', failed).within('5 minutes'),
        )
        .row((m) => ({ firstFailureAt: m.first.occurredAt, lastFailureAt: m.third.occurredAt }))
        .alert(fraud, (m) => ({
          userId: m.first.userId,
          firstFailureAt: m.first.occurredAt,
          at: m.third.occurredAt,
        }));
    }
  }
  return Fraud;
}

/** Users who fail again and again, one attempt after the other, until the signal. */
async function failOn(
  app: Reprise,
  attempted: EventDefinition<LoginAttempted>,
  signal: AbortSignal,
): Promise<void> {
  for (let n = 0; !signal.aborted; n += 1) {
    const attempts = Array.from({ length: 5 }, (_, user) =>
      app.publisher.publish(attempted, {
        userId: `user-${user}`,
        result: 'FAILURE',
        address: '',
        occurredAt: new Date(T + n * 10_000),
      }),
    );
    await Promise.all(attempts);
  }
}

/** Under load a version may not have kept up at the first try. */
async function untilDone(act: () => Promise<unknown>): Promise<void> {
  for (const untilMs = performance.now() + SOON_MS; ; ) {
    try {
      await act();
      return;
    } catch (error) {
      const isBehind =
        isRepriseError(error, 'ROLLBACK_REFUSED') || isRepriseError(error, 'ACTIVATE_REFUSED');
      if (!isBehind || performance.now() > untilMs) throw error;
    }
  }
}

/** The ids of everything on a topic. */
async function idsOf(app: Reprise, topic: string): Promise<readonly string[]> {
  const partitions = (await app.log.describe([topic])).get(topic)?.partitions ?? [];
  const positions = partitions.flatMap(({ partition, stableEndOffset }) =>
    stableEndOffset > 0n ? [{ topic, partition, offset: 0n, untilOffset: stableEndOffset }] : [],
  );
  const ids: string[] = [];
  if (positions.length === 0) return ids;
  for await (const batch of app.log.read(positions)) {
    for (let i = 0; i < batch.count; i += 1) {
      const { headers } = recordAt(batch, i);
      ids.push(headers.find(({ key }) => key === 'reprise-id')?.value?.toString() ?? '');
    }
  }
  return ids;
}
