import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import config from '../../reprise.config.ts';
import { UserActed } from '../../schemas/index.ts';
import { createProgram } from '../../src/cli/program.ts';
import { reportError } from '../../src/cli/terminal/report-error.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { exampleEvents } from '../support/example-app.ts';
import { startForeignRegistry } from '../support/foreign-registry.ts';
import { order, schemaDirectory, writeCurrent } from '../support/schema-folder.ts';
import { useDatabase } from '../support/test-database.ts';

const foreign = await startForeignRegistry();
let printed: string[] = [];

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});
afterAll(() => foreign?.stop());

async function run(...args: readonly string[]) {
  printed = [];
  process.exitCode = undefined;
  await createProgram().parseAsync(['node', 'reprise', 'schemas', ...args]);
  return { text: printed.join('\n'), exitCode: process.exitCode ?? 0 };
}

const fields = [{ name: 'id', type: 'string' }];

describe.skipIf(foreign === undefined)('the commands with a registry by its url', () => {
  const registry = ['--registry', foreign?.url ?? ''];

  it('check, register and pull', async () => {
    const directory = await schemaDirectory();
    const here = ['--directory', directory];
    const topic = 'commands';
    await writeCurrent(directory, 'order-placed', order(fields, { topic }));
    await run('new', ...here);
    const before = await run('check', ...here, ...registry);
    expect(before.text).toMatch(/history\/order-placed\/1\.avsc: info NOT_REGISTERED/);
    expect(before.exitCode).toBe(0);
    expect((await run('register', ...here, ...registry)).text).toMatch(
      /Registered order-placed version 1: commands-shop\.OrderPlaced version 1, id \d+/,
    );
    expect((await run('register', ...here, ...registry)).text).toContain('Nothing to register');
    expect((await run('check', ...here, ...registry)).text).toContain('0 errors, 0 warnings');
    const there = await schemaDirectory();
    const pulled = await run(
      'pull',
      `${topic}-shop.OrderPlaced`,
      '--directory',
      there,
      ...registry,
    );
    expect(pulled.text).toContain('order-placed: recorded version 1');
    const text = await readFile(join(there, 'order-placed.avsc'), 'utf8');
    expect(JSON.parse(text)).toEqual(order(fields, { topic }));
    expect((await run('pull', '--directory', there, ...registry)).text).toContain('nothing new');
  });
});

it('ends with 3 when the registry is away', async () => {
  const directory = await schemaDirectory();
  await writeCurrent(directory, 'order-placed', order(fields));
  const away = run('check', '--directory', directory, '--registry', 'http://127.0.0.1:1');
  const error: unknown = await away.catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  expect(reportError(error, false).exitCode).toBe(3);
});

describe('scan, on the log of the example', () => {
  const database = useDatabase('file');

  beforeAll(async () => {
    vi.stubEnv('REPRISE_DATABASE_URL', database.url);
    const app = await createReprise({ ...config, logLevel: 'silent' });
    await app.setUp();
    for (const event of exampleEvents(20)) await app.publisher.publish(UserActed, event);
    await app.close();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
  });

  it('shows each schema with its places, and ends with 0 when all of it can be read', async () => {
    const { text, exitCode } = await run('scan');
    expect(text).toMatch(/user-actions +\d+ +reprise\.example\.UserActed +\d+ +\d+ +0 +\d+ +yes/);
    expect(text).toMatch(/20 records read in .* s: the projections can read all of them\.$/);
    expect(exitCode).toBe(0);
  });

  it('ends with 1 when something cannot be read, and says what', async () => {
    const app = await createReprise({ ...config, logLevel: 'silent' });
    const value = Buffer.from('{}');
    await app.log.append([{ topic: 'user-actions', partition: 0, key: null, value }]);
    await app.close();
    const { text, exitCode } = await run('scan', '--projection', 'user_metrics');
    expect(text).toMatch(
      /user_metrics v1 cannot read 1 record\(s\) without a schema on user-actions, first user-actions\[0\]@\d+: NOT_CONFLUENT/,
    );
    expect(exitCode).toBe(1);
  });
});
