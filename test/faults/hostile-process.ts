/**
 * Runs the hostile app on the database of REPRISE_TEST_URL, the topic REPRISE_TEST_TOPIC and the
 * Kafka of REPRISE_TEST_BROKERS until SIGTERM. Says `ready` on stdout once it runs, and at the end
 * `most memory: <MiB>`.
 */
import { createHostileApp } from '../support/hostile-app.ts';

const app = await createHostileApp({
  databaseUrl: process.env['REPRISE_TEST_URL'] ?? '',
  brokers: (process.env['REPRISE_TEST_BROKERS'] ?? '').split(','),
  topic: process.env['REPRISE_TEST_TOPIC'] ?? '',
});
process.once('SIGTERM', () => {
  void app.close().then(() => {
    const mebibytes = Math.ceil(process.resourceUsage().maxRSS / 1024);
    process.stdout.write(`most memory: ${mebibytes}\n`);
  });
});
await app.runner.start();
process.stdout.write('ready\n');
