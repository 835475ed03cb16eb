/**
 * A runner in a process of its own, for tests that kill it: runs the example on the database of
 * REPRISE_TEST_URL (log: Kafka of REPRISE_TEST_BROKERS, else Postgres) until SIGTERM, or rebuilds
 * version 2 when REPRISE_TEST_REBUILD is set. Its clock is wrong by REPRISE_TEST_CLOCK_SKEW_MS.
 * Says `ready` on stdout once it runs.
 */
import { createTestApp, exampleOn } from '../support/example-app.ts';
import { skewClock } from '../support/skewed-clock.ts';

skewClock(Number(process.env['REPRISE_TEST_CLOCK_SKEW_MS'] ?? '0'));
const databaseUrl = process.env['REPRISE_TEST_URL'];
if (databaseUrl === undefined) throw new Error('REPRISE_TEST_URL is not set');
const brokers = process.env['REPRISE_TEST_BROKERS']?.split(',');
const rebuilding = process.env['REPRISE_TEST_REBUILD'] !== undefined;

const app = await createTestApp({
  databaseUrl,
  ...(brokers === undefined ? {} : { brokers }),
  version: rebuilding ? 2 : 1,
  example: exampleOn(process.env['REPRISE_TEST_TOPIC'] ?? 'user-actions'),
});
if (rebuilding) {
  process.stdout.write('ready\n');
  await app.versions.rebuild('user_metrics');
  await app.close();
  process.stdout.write('rebuilt\n');
} else {
  process.once('SIGTERM', () => {
    void app.close().then(() => process.stdout.write('stopped\n'));
  });
  await app.runner.start();
  process.stdout.write('ready\n');
}
