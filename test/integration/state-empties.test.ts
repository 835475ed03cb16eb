import { expect, test } from 'vitest';
import { LoginFraud } from '../../projections/login-fraud.ts';
import { LoginAttempted, PageViewed } from '../../schemas/index.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { count } from '../../src/projection/declare/aggregates.ts';
import { SessionProjection } from '../../src/projection/declare/session-projection.ts';
import { sql } from '../support/read-model.ts';
import { useDatabase } from '../support/test-database.ts';

/** Keys that have state at the same time. The long form: REPRISE_TEST_KEYS=1000000. */
const KEYS = Number(process.env['REPRISE_TEST_KEYS'] ?? 20_000);
const T = Date.UTC(2026, 0, 1);

class Visits extends SessionProjection {
  readonly name: string = 'visits';
  readonly version: number = 1;
  define() {
    return this.from(PageViewed)
      .key('visitorId')
      .session({ gap: '5 minutes' })
      .measure({ pages: count() });
  }
}

const database = useDatabase('file');
test(`state of ${KEYS} keys is gone once the watermark has passed within, or the gap`, async () => {
  const app = await createReprise({
    projections: [LoginFraud, Visits],
    events: [LoginAttempted, PageViewed],
    database: { type: 'url', url: database.url },
    logLevel: 'silent',
  });
  try {
    await app.setUp();
    const publish = async (
      prefix: string,
      keys: number,
      atMs: number,
      result: 'FAILURE' | 'SUCCESS',
    ) => {
      for (let from = 0; from < keys; from += 10_000) {
        const waiting: Promise<unknown>[] = [];
        for (let k = from; k < Math.min(keys, from + 10_000); k += 1) {
          const [userId, occurredAt] = [`${prefix}${k}`, new Date(atMs)];
          waiting.push(
            app.publisher.publish(LoginAttempted, { userId, result, address: '', occurredAt }),
          );
          waiting.push(
            app.publisher.publish(PageViewed, { visitorId: userId, page: '/', occurredAt }),
          );
        }
        await Promise.all(waiting);
      }
    };
    const partials = () => single(`select count(*)::int as n from public.login_fraud__state__v1`);
    const open = () => single(`select count(*)::int as n from public.visits where not closed`);
    await app.runner.start();
    await publish('u', KEYS, T, 'FAILURE');
    await expect.poll(partials, { timeout: 300_000 }).toBe(KEYS);
    await expect.poll(open, { timeout: 300_000 }).toBe(KEYS);
    // One event at least for every partition, ten minutes later; a success begins no match.
    await publish('later', 64, T + 600_000, 'SUCCESS');
    await expect.poll(partials, { timeout: 300_000 }).toBe(0);
    await expect.poll(open, { timeout: 300_000 }).toBe(64);
  } finally {
    await app.close();
  }
}, 900_000);

async function single(text: string): Promise<number> {
  const [row] = await sql<{ n: number }>(database.url, text);
  return row?.n ?? -1;
}
