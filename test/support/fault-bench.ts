import { expect, vi } from 'vitest';
import type { Reprise } from '../../src/reprise.ts';
import { bundled } from './bundled-program.ts';
import { type ChildProcess, startProgram } from './child-process.ts';
import type { LogOptions } from './every-log.ts';
import {
  createTestApp,
  type Example,
  exampleEvents,
  exampleOn,
  publishAll,
} from './example-app.ts';
import { uniqueTopic } from './kafka.ts';
import { differences } from './oracle.ts';
import { sql, tableDigest } from './read-model.ts';
import { createTestDatabase } from './test-database.ts';

/**
 * What a fault test works with: the example on a database and topic of its own, runners in
 * processes of their own, and the oracle of faults.md.
 */
export interface FaultBench {
  readonly app: Reprise;
  readonly example: Example;
  readonly databaseUrl: string;
  /**
   * Publishes further events and waits until they are acknowledged: the ledger is their number and
   * what the log holds.
   */
  publish(count: number): Promise<void>;
  /** Starts a runner; `extra` is laid over its environment. */
  runner(extra?: Readonly<Record<string, string>>): Promise<ChildProcess>;
  /** Another application of the same example in this process, with nothing running yet. */
  open(): Promise<Reprise>;
  /** Resolves once the live version has no lag. */
  caughtUp(): Promise<void>;
  /**
   * Ledger = read model = pure fold of the log = rebuild from 0, byte for byte. Stops what runs
   * before it, so run no runner.
   */
  expectExact(): Promise<void>;
  close(): Promise<void>;
}

/** Where a bench's runners and its own application connect to. */
export interface FaultBenchOptions extends LogOptions {
  /** A migrated database; default: one of its own on the run's server. */
  readonly databaseUrl?: string;
  /** What the runners use to get there, e.g. through a proxy. Default: the same. */
  readonly runnerUrl?: string;
  readonly seed?: number;
  /** Default: one of its own, made when it is missing. */
  readonly topic?: string;
}

/** Sets a bench up: database, topic, application. */
export async function createFaultBench(options: FaultBenchOptions): Promise<FaultBench> {
  const { brokers, seed = 1 } = options;
  const example = exampleOn(options.topic ?? uniqueTopic('user-actions'));
  const own = options.databaseUrl === undefined ? await createTestDatabase() : null;
  const databaseUrl = options.databaseUrl ?? own?.url ?? '';
  const log = brokers === undefined ? {} : { brokers };
  const app = await createTestApp({ databaseUrl, example, ...log });
  await app.setUp();
  const programs = new Set<ChildProcess>();
  let published = 0;
  const env: Record<string, string> = {
    REPRISE_TEST_URL: options.runnerUrl ?? databaseUrl,
    REPRISE_TEST_TOPIC: example.topic,
    // The shortest there is: a killed runner's tasks are free at once.
    REPRISE_LEASE_MS: '500',
    ...(brokers === undefined ? {} : { REPRISE_TEST_BROKERS: brokers.join(',') }),
  };

  async function runner(extra: Readonly<Record<string, string>> = {}): Promise<ChildProcess> {
    const program = startProgram(await bundled('test/faults/runner-process.ts'), {
      ...env,
      ...extra,
    });
    programs.add(program);
    void program.exited.then(() => programs.delete(program));
    return program;
  }

  async function caughtUp(): Promise<void> {
    await vi.waitFor(
      async () => {
        const [status] = await app.status();
        expect(status?.tasks).toHaveLength(4);
        expect(status?.tasks.filter(({ state }) => state === 'halted')).toEqual([]);
        expect(status?.lagRecords).toBe(0n);
      },
      { timeout: 60_000, interval: 50 },
    );
  }

  return {
    app,
    example,
    databaseUrl,
    runner,
    open: () => createTestApp({ databaseUrl, example, ...log }),
    caughtUp,
    async publish(count) {
      const from = published;
      published += count;
      await publishAll(app, example, exampleEvents(count, seed + from));
    },
    async expectExact() {
      expect(await differences(app, example)).toEqual([]);
      const [row] = await sql<{ events: string | null }>(
        databaseUrl,
        'select sum(events) as events from user_metrics',
      );
      expect(Number(row?.events ?? 0)).toBe(published);
      const next = await createTestApp({ databaseUrl, example, version: 2, ...log });
      try {
        await next.versions.rebuild('user_metrics');
        expect(await tableDigest(databaseUrl, 'user_metrics__v2')).toBe(
          await tableDigest(databaseUrl, 'user_metrics__v1'),
        );
        await next.versions.retire('user_metrics', 2);
      } finally {
        await next.close();
      }
    },
    async close() {
      const ending = [...programs];
      for (const program of ending) {
        program.kill('SIGKILL');
      }
      await Promise.all(ending.map(({ exited }) => exited));
      await app.close();
      await own?.drop();
    },
  };
}
