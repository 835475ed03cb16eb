import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { reportError } from '../../src/cli/terminal/report-error.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { createLogger } from '../../src/observe/logger.ts';
import { createPool } from '../../src/readmodel/pool.ts';
import { createConfluentRegistry } from '../../src/registry/confluent/confluent-registry.ts';
import type { Reprise } from '../../src/reprise.ts';
import { createRunner } from '../../src/runner/runner.ts';
import type { RunnerSettings } from '../../src/runner/settings/runner-settings.ts';
import { onEveryLog } from '../support/every-log.ts';
import { createTestApp, type TestAppOptions } from '../support/example-app.ts';
import { createFaultBench } from '../support/fault-bench.ts';
import { startOwnKafka } from '../support/kafka-broker.ts';
import { kafkaClassPath } from '../support/kafka-jars.ts';
import { startTestRegistry } from '../support/registry-server.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { testConfig } from '../support/test-config.ts';

const SOON = { timeout: 90_000, interval: 100 };
const LEASE_MS = 2_000;
const TEST_MS = 400_000;
/** The log's own error, or on a slow machine that it has none yet. */
const AWAY = /LOG_UNAVAILABLE: |kafka gave no answer/;
const NAMED = /^kafka is unavailable: (LOG_UNAVAILABLE: |kafka gave no answer)/;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A runner in this process, with what its log says. */
async function startRunner(
  app: Reprise,
  databaseUrl: string,
  parts: Partial<RunnerSettings> = {},
): Promise<{ readonly said: (words: string) => number }> {
  let text = '';
  const destination = { write: (line: string) => (text += line) };
  const pool = createPool({ url: databaseUrl });
  const { log, registry, plans } = app;
  const logger = createLogger({ level: 'info', pretty: false, destination });
  const runner = createRunner(
    { pool, log, registry, logger, owner: 'unlucky/1/a', leaseMs: LEASE_MS, ...parts },
    plans,
  );
  closing.push(async () => {
    await runner.stop();
    await pool.end();
  });
  await runner.start();
  return { said: (words) => text.split(words).length - 1 };
}

/** Has every connection fail, those that are open and new ones. @returns what ends that */
function refuse(proxy: TcpProxy): () => void {
  const { target } = proxy;
  proxy.target = { host: '127.0.0.1', port: 1 };
  proxy.resetAll();
  return () => {
    proxy.target = target;
  };
}

/** Has no byte arrive. @returns what ends that */
function standStill(proxy: TcpProxy): () => void {
  proxy.pause();
  return () => proxy.resume();
}

/** Opens an application on the embedded Postgres of a folder, asks who runs, and closes it. */
async function instancesOf(dataDirectory: string, brokers: readonly string[]) {
  const app = await createReprise({
    projections: [],
    events: [],
    database: { type: 'embedded', dataDirectory },
    log: { type: 'kafka', brokers: [...brokers], availabilityTimeoutMs: 1_000 },
    logLevel: 'silent',
  });
  try {
    await app.migrate();
    return await app.instances.list();
  } finally {
    await app.close();
  }
}

/**
 * Runs commands of the command line in this process, one after the other: a process for each would
 * take minutes of a busy machine.
 */
async function commands(options: TestAppOptions, ...lines: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-commands-'));
  closing.push(async () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'reprise.config.mjs');
  writeFileSync(file, 'export default globalThis.repriseTestConfig;\n');
  Object.assign(globalThis, { repriseTestConfig: testConfig(options) });
  const answers: { exitCode: number; output: string }[] = [];
  for (const line of lines) {
    let output = '';
    const print = vi.spyOn(console, 'log').mockImplementation((text: string) => {
      output += `${text}\n`;
    });
    const args = ['node', 'reprise', '--config', file, ...line.split(' ')];
    const refusal = await createProgram()
      .parseAsync(args)
      .then(
        () => null,
        (error: unknown) => reportError(error, false),
      );
    print.mockRestore();
    const exitCode = refusal?.exitCode ?? Number(process.exitCode ?? 0);
    answers.push({ exitCode, output: output + (refusal?.text ?? '') });
    process.exitCode = undefined;
  }
  return answers;
}

const canStart = (await kafkaClassPath()) !== undefined;
if (!canStart && process.env['REPRISE_REQUIRE_KAFKA'] === '1') {
  throw new Error("killing a broker needs Java and Kafka's jars");
}
if (!canStart) process.stderr.write('NO JAVA: Kafka that is away is SKIPPED.\n');

describe.skipIf(!canStart)('Kafka that is killed', () => {
  test(
    'is named in log, tasks, status and health; what needs Postgres alone answers, and goes on afterwards',
    async () => {
      const kafka = await startOwnKafka();
      if (kafka === undefined) throw new Error('Kafka did not start');
      closing.push(() => kafka.stop());
      const brokers = [kafka.brokers];
      const bench = await createFaultBench({ brokers });
      closing.push(() => bench.close());
      const { app, example, databaseUrl } = bench;
      await bench.publish(500);
      const folder = mkdtempSync(join(tmpdir(), 'reprise-parts-away-'));
      // As root the server runs as another user, who must be able to enter.
      chmodSync(folder, 0o755);
      closing.push(async () => rmSync(folder, { recursive: true, force: true }));
      const embedded = () => instancesOf(join(folder, 'postgres'), brokers);
      expect(await embedded()).toEqual([]);
      const { said } = await startRunner(app, databaseUrl);
      await bench.caughtUp();

      await kafka.kill();
      await vi.waitFor(() => expect(said('kafka is unavailable')).toBe(1), SOON);
      await vi.waitFor(async () => {
        const [status] = await app.status();
        expect(status?.lagRecords).toBeNull();
        expect(status?.tasks.map(({ state }) => state)).toEqual(Array(4).fill('paused'));
        for (const { error } of status?.tasks ?? []) expect(error).toMatch(AWAY);
      }, SOON);
      expect(await app.health.dependencies()).toEqual([
        { name: 'postgres', isAvailable: true, reason: null },
        { name: 'kafka', isAvailable: false, reason: expect.stringMatching(AWAY) },
      ]);
      expect(await app.health.check()).toMatchObject({
        isLive: true,
        isReady: false,
        problems: expect.arrayContaining([expect.stringMatching(NAMED)]),
      });
      expect(await app.deadLetters.list()).toEqual([]);
      expect(await app.readModels.query('user_metrics').limit(3)).toHaveLength(3);

      // Beats go on for several leases: no look at Kafka holds them up.
      const beats = async () => (await app.instances.list())[0];
      const awaySinceMs = (await beats())?.lastHeartbeatAt.getTime() ?? 0;
      await vi.waitFor(async () => {
        expect(await app.health.isLive()).toBe(true);
        expect((await beats())?.lastHeartbeatAt.getTime()).toBeGreaterThan(
          awaySinceMs + 4 * LEASE_MS,
        );
      }, SOON);

      // Which database an embedded Postgres keeps for the cluster is known from before.
      expect(await embedded()).toEqual([]);

      const [live, health, status, ...others] = await commands(
        { databaseUrl, example, brokers },
        'health --live',
        'health',
        'status',
        'instances',
        'dlq list',
        'query user_metrics --limit 3',
      );
      expect(live).toMatchObject({ exitCode: 0, output: 'well\n' });
      expect(health).toMatchObject({ exitCode: 3 });
      expect(health?.output).toMatch(NAMED);
      expect(status).toMatchObject({ exitCode: 0 });
      expect(status?.output).toMatch(NAMED);
      for (const each of others) expect(each).toMatchObject({ exitCode: 0 });

      await kafka.restart();
      await vi.waitFor(() => expect(said('kafka is available again')).toBe(1), SOON);
      await vi.waitFor(async () => {
        const tasks = (await app.status())[0]?.tasks;
        expect(tasks?.map(({ state, error }) => error ?? state)).toEqual(Array(4).fill('running'));
      }, SOON);
      await bench.publish(500);
      await bench.caughtUp();
      expect(said('kafka is unavailable')).toBe(1);
      expect(await app.health.check()).toMatchObject({ isReady: true, problems: [] });
    },
    TEST_MS,
  );
});

onEveryLog('Postgres that is away', (log) => {
  const outages: readonly [string, (proxy: TcpProxy) => () => void][] = [
    ['refuses connections', refuse],
    ['stands still', standStill],
  ];
  test.each(outages)(
    'and %s is named in log and health, and nothing is called dead for it',
    async (_, cause) => {
      const bench = await createFaultBench(log);
      closing.push(() => bench.close());
      const url = new URL(bench.databaseUrl);
      const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
      closing.push(() => proxy.close());
      url.port = String(proxy.port);
      const { example } = bench;
      const app = await createTestApp({ databaseUrl: url.href, example, ...log });
      closing.push(() => app.close());
      await bench.publish(300);
      const { said } = await startRunner(app, url.href);
      await bench.caughtUp();

      const end = cause(proxy);
      await vi.waitFor(() => expect(said('postgres is unavailable')).toBe(1), SOON);
      expect(await app.health.isLive()).toBeNull();
      const health = await app.health.check();
      expect(health).toMatchObject({ isLive: null, isReady: false });
      expect(health.problems[0]).toMatch(/^postgres is unavailable: /);
      end();
      await vi.waitFor(() => expect(said('postgres is available again')).toBe(1), SOON);
      await bench.publish(300);
      await bench.caughtUp();
      expect(said('postgres is unavailable')).toBe(1);
      await vi.waitFor(
        async () => expect(await app.health.check()).toMatchObject({ isReady: true }),
        SOON,
      );
    },
    TEST_MS,
  );
});

describe('Postgres that refuses connections', () => {
  test(
    'is no reason for a probe of liveness to end a process; a probe of readiness says it by name',
    async () => {
      const bench = await createFaultBench({});
      closing.push(() => bench.close());
      const databaseUrl = 'postgres://nobody:secret@127.0.0.1:1/nothing';
      const [live, health] = await commands(
        { databaseUrl, example: bench.example },
        'health --live --json',
        'health --json',
      );
      expect(live?.exitCode, live?.output).toBe(0);
      expect(JSON.parse(live?.output ?? '')).toEqual({ isLive: null });
      expect(health?.exitCode).toBe(3);
      expect(JSON.parse(health?.output ?? '')).toMatchObject({
        isLive: null,
        isReady: false,
        dependencies: [{ name: 'postgres', isAvailable: false }],
      });
      expect(health?.output).not.toContain('secret');
    },
    TEST_MS,
  );
});

test(
  'a registry that is away is named in the log, once, until it is back',
  async () => {
    const bench = await createFaultBench({});
    closing.push(() => bench.close());
    const server = await startTestRegistry(bench.databaseUrl);
    closing.push(() => server.close());
    const url = new URL(server.url);
    const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
    closing.push(() => proxy.close());
    url.port = String(proxy.port);
    const registry = createConfluentRegistry({ url: url.origin, timeoutMs: 2_000 });
    const { said } = await startRunner(bench.app, bench.databaseUrl, { registry });
    const end = refuse(proxy);
    await vi.waitFor(() => expect(said('registry is unavailable')).toBe(1), SOON);
    end();
    await vi.waitFor(() => expect(said('registry is available again')).toBe(1), SOON);
    expect(said('registry is unavailable')).toBe(1);
  },
  TEST_MS,
);
