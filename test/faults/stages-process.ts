/**
 * A runner of two stages in a process of its own, for tests that kill it: on the database of
 * REPRISE_TEST_URL (log: Kafka of REPRISE_TEST_BROKERS, else Postgres), topics named after
 * REPRISE_TEST_NAME, until SIGTERM. Says `ready` on stdout once it runs.
 */
import { openStages, twoStages } from '../support/two-stages.ts';

const databaseUrl = process.env['REPRISE_TEST_URL'];
if (databaseUrl === undefined) throw new Error('REPRISE_TEST_URL is not set');
const brokers = process.env['REPRISE_TEST_BROKERS']?.split(',');

const stages = twoStages(process.env['REPRISE_TEST_NAME'] ?? '');
const app = await openStages(stages, {
  databaseUrl,
  ...(brokers === undefined ? {} : { brokers }),
});
process.once('SIGTERM', () => {
  void app.close().then(() => process.stdout.write('stopped\n'));
});
await app.runner.start();
process.stdout.write('ready\n');
