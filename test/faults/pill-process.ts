/**
 * A runner whose projection ends its process, without a word, at every event whose value is 1e9.
 * Runs on the database of REPRISE_TEST_URL until SIGTERM, by the error policy of
 * REPRISE_TEST_POLICY. Says `ready` on stdout once it runs.
 */
import { createReprise } from '../../src/composition/create-reprise.ts';
import { columns, int, text } from '../../src/projection/declare/columns.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import type { ErrorPolicy } from '../../src/projection/plan/error-policy.ts';
import { exampleOn } from '../support/example-app.ts';

const example = exampleOn('user-actions');
const counts = columns({ userId: text().primaryKey(), n: int() });

class Counts extends TableProjection {
  readonly name = 'counts';
  readonly version = 1;
  override readonly onError = process.env['REPRISE_TEST_POLICY'] as ErrorPolicy;
  define() {
    return this.table(counts)
      .key('userId')
      .on(example.event, (row, { userId, value }) => {
        if (value === 1e9) process.kill(process.pid, 'SIGKILL');
        return { userId, n: (row?.n ?? 0) + 1 };
      });
  }
}

const app = await createReprise({
  projections: [Counts],
  events: [example.event],
  database: { type: 'url', url: process.env['REPRISE_TEST_URL'] ?? '' },
  topicPartitions: 1,
  logLevel: 'silent',
});
process.once('SIGTERM', () => {
  void app.close();
});
await app.setUp();
await app.runner.start();
process.stdout.write('ready\n');
