import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import type { Reprise } from '../../src/reprise.ts';
import { type ChildProcess, startProgram } from '../support/child-process.ts';
import { exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';

const support = fileURLToPath(new URL('../support/example-app.ts', import.meta.url));

describeKafka('reprise log move-to-kafka', (brokers) => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-log-move-'));
    chmodSync(folder, 0o755); // as root the server runs as another user, who must be able to enter
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('moves the log out of the embedded Postgres; the read models stay where they are', async () => {
    const example = exampleOn(uniqueTopic('embedded'));
    const config = (log: RepriseConfig['log']): RepriseConfig => ({
      projections: [example.metricsOf(1)],
      events: [example.event],
      database: { type: 'embedded', dataDirectory: join(folder, 'postgres') },
      logLevel: 'silent',
      ...(log && { log }),
    });
    const app = await createReprise(config(undefined));
    await app.setUp();
    await app.runner.start();
    await publishAll(app, example, exampleEvents(300));
    await caughtUp(app);
    await app.close();

    const file = join(folder, 'reprise.config.mjs');
    writeFileSync(
      file,
      `import { exampleOn } from ${JSON.stringify(pathToFileURL(support).href)};
       const example = exampleOn(${JSON.stringify(example.topic)});
       export default { projections: [example.metricsOf(1)], events: [example.event],
         database: { type: 'embedded', dataDirectory: ${JSON.stringify(join(folder, 'postgres'))} } };`,
    );
    const copy = (...args: string[]): ChildProcess =>
      startProgram('src/cli/main.ts', {}, [...['--config', file, 'log', 'move-to-kafka'], ...args]);
    const nowhere = copy();
    expect(await nowhere.exited).toBe(2);
    expect(nowhere.output()).toContain('error CONFIG_INVALID: The configuration names no Kafka');

    const copied = copy('--brokers', brokers.join(','), '--json');
    expect(await copied.exited, copied.output()).toBe(0);
    const lines = copied.output().trim().split('\n');
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ phase }) => phase)).toEqual(
      expect.arrayContaining(['copy', 'verify', 'done']),
    );
    expect(events.at(-1)).toMatchObject({ event: 'copied', moved: true, tasks: 4 });

    const moved = await createReprise(config({ type: 'kafka', brokers: [...brokers] }));
    await moved.runner.start();
    await publishAll(moved, example, exampleEvents(100, 2));
    await caughtUp(moved);
    await moved.runner.stop();
    expect(await moved.versions.verify('user_metrics')).toMatchObject({
      differentRows: 0,
      records: 400,
    });
    await moved.close();
  });
});

async function caughtUp(app: Reprise): Promise<void> {
  await vi.waitFor(
    async () => {
      const [status] = await app.status();
      expect(status?.tasks.filter(({ error }) => error !== null)).toEqual([]);
      expect(status?.tasks).toHaveLength(4);
      expect(status?.lagRecords).toBe(0n);
    },
    { timeout: 60_000, interval: 50 },
  );
}
