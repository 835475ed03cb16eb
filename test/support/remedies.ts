import { expect, test, vi } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import type { Reprise } from '../../src/reprise.ts';
import type { ErrorCode } from '../../src/reprise-error.ts';
import { commandsIn, createCommandLine, type Ended } from './command-line.ts';

/**
 * An entry of the table of remedies: an operator causes the error for real, types what its message
 * says, and ends with a running read model. `test/integration/remedies.test.ts` looks that every
 * code has one.
 */
export function remedy(code: ErrorCode, title: string, walk: () => Promise<void>): void {
  test(`${code}: ${title}`, walk);
}

/** What an operator sits at: commands, and instances that run. */
export interface Operator {
  /** Types a command, whatever comes of it. */
  type(config: RepriseConfig, line: string): Promise<Ended>;
  /** Types a command that must succeed. @returns what it printed */
  succeed(config: RepriseConfig, line: string): Promise<string>;
  /** Types a command that must fail with a code. @returns the message */
  fail(config: RepriseConfig, line: string, code: ErrorCode): Promise<string>;
  /** Starts an instance, as `reprise run` does. */
  start(config: RepriseConfig): Promise<Reprise>;
  /**
   * The error of the task of a partition, once it has halted with a code. `projection`: of that one
   * only.
   */
  halted(config: RepriseConfig, code: ErrorCode, projection?: string): Promise<string>;
  /**
   * Types the commands of a message in their order, with the configuration that the message asks
   * for (a raised version, a corrected class). `reprise run` starts an instance.
   */
  obey(message: string, config: RepriseConfig): Promise<void>;
  /**
   * Every task of the active version that a configuration declares runs and has folded all of the
   * log.
   */
  expectRunning(config: RepriseConfig): Promise<void>;
  /** Ends the instances. */
  endInstances(): Promise<void>;
  close(): Promise<void>;
}

const SOON_MS = 60_000;

/** Sits down. `close` ends the instances that were started. */
export function createOperator(): Operator {
  const commandLine = createCommandLine();
  const instances: Reprise[] = [];
  const operator: Operator = {
    type: (config, line) => commandLine.type(config, line.split(' ')),
    async succeed(config, line) {
      const { exitCode, stdout, stderr } = await operator.type(config, line);
      expect(exitCode, `${line}: ${stderr}`).toBe(0);
      return stdout;
    },
    async fail(config, line, code) {
      const { exitCode, stderr } = await operator.type(config, line);
      expect(stderr, line).toContain(`error ${code}: `);
      expect(exitCode, line).not.toBe(0);
      return stderr;
    },
    async start(config) {
      const app = await createReprise(config);
      instances.push(app);
      await app.setUp();
      await app.runner.start();
      return app;
    },
    halted: (config, code, projection) =>
      asking(config, (app) =>
        vi.waitFor(async () => {
          const errors = (await app.status()).flatMap(({ name, tasks }) =>
            tasks.flatMap(({ state, error }) =>
              state === 'halted' && name === (projection ?? name) ? [error ?? ''] : [],
            ),
          );
          const found = errors.find((error) => error.startsWith(`${code}: `));
          return found ?? expect.fail(`not halted with ${code}: ${errors.join('; ')}`);
        }, SOON_MS),
      ),
    async obey(message, config) {
      const commands = commandsIn(message);
      expect(commands, message).not.toEqual([]);
      for (const words of commands) {
        if (words[0] === 'run') await operator.start(config);
        else await operator.succeed(config, words.join(' '));
      }
    },
    expectRunning: (config) => asking(config, expectRunning),
    async endInstances() {
      await Promise.all(instances.splice(0).map((app) => app.close()));
    },
    async close() {
      await operator.endInstances();
      commandLine.close();
    },
  };
  return operator;
}

async function asking<Result>(
  config: RepriseConfig,
  ask: (app: Reprise) => Promise<Result>,
): Promise<Result> {
  const app = await createReprise(config);
  try {
    return await ask(app);
  } finally {
    await app.close();
  }
}

async function expectRunning(app: Reprise): Promise<void> {
  await vi.waitFor(async () => {
    const statuses = await app.status();
    for (const { name, version } of app.plans) {
      const status = statuses.find((each) => each.name === name && each.version === version);
      expect(status).toMatchObject({ state: 'active', lagRecords: 0n });
      expect(status?.tasks.length).toBeGreaterThan(0);
      for (const task of status?.tasks ?? []) {
        expect(task).toMatchObject({ state: 'running', error: null, owner: expect.any(String) });
      }
    }
  }, SOON_MS);
}
