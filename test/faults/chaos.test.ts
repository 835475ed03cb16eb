import { expect, test } from 'vitest';
import { startProgram } from '../support/child-process.ts';
import { seed } from '../support/fault-run.ts';
import { kafkaClassPath } from '../support/kafka-jars.ts';

/**
 * Half a minute: each kind of fault about once. `npm run chaos -- --minutes 10` is the real one.
 */
const MINUTES = '0.5';

const LATE_MS = 380_000;

const canStart = (await kafkaClassPath()) !== undefined;
if (!canStart && process.env['REPRISE_REQUIRE_KAFKA'] === '1') {
  throw new Error("the soak needs Java and Kafka's jars");
}
if (!canStart) process.stderr.write('NO JAVA: the chaos soak is SKIPPED.\n');

test.skipIf(!canStart)(
  `a short soak ends with ledger = read model = rebuild (seed ${seed})`,
  async () => {
    const args = ['--minutes', MINUTES, '--seed', String(seed), '--rate', '1000', '--json'];
    const soak = startProgram('test/chaos/main.ts', {}, args);
    // One that hangs is to say where: the runner of the tests would only say that it did.
    const late = setTimeout(() => soak.kill('SIGTERM'), LATE_MS);
    const code = await soak.exited;
    clearTimeout(late);
    expect(code, soak.output()).toBe(0);
    expect(soak.output()).toContain('"problems":[]');
  },
  400_000,
);
