/**
 * A copy of the log in a process of its own, from the database of REPRISE_TEST_URL to Kafka of
 * REPRISE_TEST_BROKERS, that kills itself with SIGKILL once the topic REPRISE_TEST_TOPIC holds more
 * than REPRISE_TEST_KILL_ABOVE records there. Says `copied` on stdout if it comes to an end.
 */
import { moveLogToKafka } from '../../src/composition/move-log-to-kafka.ts';
import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { isRepriseError } from '../../src/reprise-error.ts';

const url = process.env['REPRISE_TEST_URL'] ?? '';
const brokers = process.env['REPRISE_TEST_BROKERS']?.split(',') ?? [];
const topic = process.env['REPRISE_TEST_TOPIC'] ?? '';
const killAbove = Number(process.env['REPRISE_TEST_KILL_ABOVE']);
const watched = createKafkaLog({ brokers });
const over = new AbortController();

async function watch(): Promise<void> {
  while (!over.signal.aborted) {
    const described = await watched.describe([topic]).catch((error: unknown) => {
      if (isRepriseError(error, 'UNKNOWN_TOPIC')) return null;
      throw error;
    });
    const ends = described?.get(topic)?.partitions.map(({ stableEndOffset }) => stableEndOffset);
    const records = Number(ends?.reduce((sum, end) => sum + end, 0n) ?? 0);
    if (records > killAbove) process.kill(process.pid, 'SIGKILL');
  }
  await watched.close();
}

const watching = watch();
await moveLogToKafka({
  projections: [],
  events: [],
  database: { type: 'url', url },
  log: { type: 'kafka', brokers },
  logLevel: 'silent',
});
over.abort();
await watching;
process.stdout.write('copied\n');
