import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, it } from 'vitest';

const run = promisify(execFile);
const RECORDER = fileURLToPath(new URL('../support/record-modules.mjs', import.meta.url));
const REPRISE = join(inject('bareProject'), 'node_modules/reprise/');
const project = join(inject('bareProject'), 'start-up');

const CONFIG = `
  import { count, defineConfig, defineEvent, tumbling, WindowedProjection } from 'reprise';
  import { z } from 'zod';
  const schema = z.object({ account: z.string(), at: z.coerce.date() });
  const Paid = defineEvent({ name: 'Paid', topic: 'paid', format: 'json', key: 'account', time: 'at', schema });
  class Payments extends WindowedProjection {
    name = 'payments';
    version = 1;
    define() {
      return this.from(Paid).key('account').window(tumbling('1 minute')).measure({ payments: count() });
    }
  }
  export default defineConfig({ projections: [Payments], events: [Paid] });
`;

/** Rooms of src with neither declarations nor configuration in them. */
const ENGINE = ['embedded', 'fold', 'observe', 'postgres', 'publish', 'readmodel', 'registry'];

interface Loaded {
  readonly stdout: string;
  /** Packages besides reprise, in order of the alphabet. */
  readonly packages: readonly string[];
  /** Rooms of reprise's own src. */
  readonly rooms: readonly string[];
}

/** Runs the installed command line in a process of its own and says what it loaded. */
async function loadedBy(...words: readonly string[]): Promise<Loaded> {
  const file = join(project, `${words.join('_')}.txt`);
  const main = join(REPRISE, 'dist/src/cli/main.js');
  const { stdout } = await run('node', ['--import', RECORDER, main, ...words], {
    cwd: project,
    // Nothing listens there.
    env: {
      ...process.env,
      REPRISE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      RECORDED_MODULES: file,
    },
  });
  const urls = (await readFile(file, 'utf8')).split('\n');
  const matches = (pattern: RegExp) =>
    [...new Set(urls.flatMap((url) => pattern.exec(url)?.[1] ?? []))].sort();
  return {
    stdout,
    packages: matches(/.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/).filter(
      (name) => name !== 'reprise',
    ),
    rooms: matches(/\/reprise\/dist\/src\/([^/]+)\//),
  };
}

describe('a command loads what it needs', () => {
  beforeAll(async () => {
    await mkdir(project);
    await writeFile(join(project, 'reprise.config.mjs'), CONFIG);
  });

  it('--help: only the command line', async () => {
    const { stdout, packages, rooms } = await loadedBy('--help');
    expect(stdout).toContain('Commands:');
    expect(packages).toEqual(['commander']);
    expect(rooms).toContain('cli');
    for (const room of [...ENGINE, 'composition', 'event', 'log', 'projection', 'runner']) {
      expect(rooms).not.toContain(room);
    }
  });

  it('--version: the same, and prints that of package.json', async () => {
    const { stdout, packages } = await loadedBy('--version');
    const manifest = JSON.parse(await readFile(join(REPRISE, 'package.json'), 'utf8')) as {
      readonly version: string;
    };
    expect(stdout).toBe(`${manifest.version}\n`);
    expect(packages).toEqual(['commander']);
  });

  it('help of a command: no more', async () => {
    const { stdout, packages, rooms } = await loadedBy('schemas', 'check', '--help');
    expect(stdout).toContain('--strict');
    expect(packages).toEqual(['commander']);
    expect(rooms).toEqual((await loadedBy('--help')).rooms);
  });

  it('explain: the configuration and the compiler of projections, no adapter', async () => {
    const { stdout, packages, rooms } = await loadedBy('explain');
    expect(stdout).toContain('payments v1, windowed');
    expect(packages).toEqual(['commander', 'zod']);
    expect(rooms).toContain('projection');
    for (const room of [...ENGINE, 'runner']) expect(rooms).not.toContain(room);
  });

  it('status: all of it, so that nothing escapes the recorder', async () => {
    await expect(loadedBy('status')).rejects.toThrow('DATABASE_UNAVAILABLE');
    const recorded = await readFile(join(project, 'status.txt'), 'utf8');
    for (const name of ['knex', 'pg', 'inversify', 'kafkajs']) {
      expect(recorded).toContain(`/node_modules/${name}/`);
    }
  });
});
