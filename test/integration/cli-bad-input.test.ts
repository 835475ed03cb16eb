import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const tsx = pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href;
const main = join(root, 'src/cli/main.ts');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-cli-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in the test's folder. */
function reprise(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', tsx, main, ...args], {
      cwd: folder,
      env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'), ...environment },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Writes a configuration with the example's event and one projection. */
function writeConfig(extra = '', measured = 'value'): void {
  const from = (path: string) => JSON.stringify(pathToFileURL(join(root, path)).href);
  writeFileSync(
    join(folder, 'reprise.config.mjs'),
    `import { UserActed } from ${from('schemas/index.ts')};
     import { WindowedProjection } from ${from('src/projection/declare/windowed-projection.ts')};
     import { sum } from ${from('src/projection/declare/aggregates.ts')};
     import { tumbling } from ${from('src/projection/declare/window.ts')};
     class Totals extends WindowedProjection {
       name = 'totals';
       version = 1;
       define() {
         return this.from(UserActed).key('userId')
           .window(tumbling('1 minute'), { lateness: '10 seconds' })
           .measure({ total: sum(${JSON.stringify(measured)}) });
       }
     }
     export default { projections: [Totals], events: [UserActed], ${extra} };`,
  );
}

/** One message of one line, which begins with the code; no stack trace. */
function expectOneMessage(ended: Ended, code: string, exitCode: number): string {
  const lines = ended.stderr.trim().split('\n');
  expect(ended.stderr).toContain(`error ${code}: `);
  expect(lines).toHaveLength(1);
  expect(ended.stderr).not.toMatch(/^\s+at /m);
  expect(ended.code).toBe(exitCode);
  return ended.stderr;
}

const nobodyListens = '127.0.0.1:1';
const database = () => ({ REPRISE_DATABASE_URL: inject('postgresUrl') });

describe('the command line refuses with one message', () => {
  it('an unknown command', async () => {
    expectOneMessage(await reprise(['statsu']), 'USAGE', 2);
  });

  it('a folder without a configuration', async () => {
    const message = expectOneMessage(await reprise(['status']), 'CONFIG_INVALID', 2);
    expect(message).toContain('reprise.config.ts');
  });

  it('an unknown key of the configuration', async () => {
    writeFileSync(
      join(folder, 'reprise.config.mjs'),
      'export default { projections: [], events: [], topicPartition: 3 };',
    );
    const message = expectOneMessage(await reprise(['status']), 'CONFIG_INVALID', 2);
    expect(message).toContain('unknown key "topicPartition"; did you mean "topicPartitions"?');
  });

  it('a wrong environment variable, by its name', async () => {
    writeFileSync(join(folder, 'reprise.config.mjs'), 'export default { projections: [] };');
    const ended = await reprise(['status'], { REPRISE_REGISTRY_URL: 'nowhere' });
    expect(expectOneMessage(ended, 'CONFIG_INVALID', 2)).toContain('REPRISE_REGISTRY_URL');
  });

  it('a malformed .avsc file, by its name', async () => {
    writeFileSync(join(folder, 'broken.avsc'), '{ "type": "record", ');
    const ended = await reprise(['schemas', 'generate', '--directory', '.']);
    expect(expectOneMessage(ended, 'SCHEMA_INVALID', 2)).toContain('broken.avsc');
  });

  it('a folder of schemas that is not there', async () => {
    const ended = await reprise(['schemas', 'generate', '--directory', './nowhere']);
    expect(expectOneMessage(ended, 'CONFIG_INVALID', 2)).toContain('./nowhere');
  });

  it('stale definitions, and passes once they are generated', async () => {
    const schema = { type: 'record', name: 'Paid', topic: 'paid', fields: [] };
    writeFileSync(join(folder, 'paid.avsc'), JSON.stringify(schema));
    const check = ['schemas', 'generate', '--check', '--directory', '.'];
    expectOneMessage(await reprise(check), 'SCHEMA_STALE', 1);
    expect((await reprise(['schemas', 'generate', '--directory', '.'])).code).toBe(0);
    expect((await reprise(check)).code).toBe(0);
  });

  it('a projection with an unknown field', async () => {
    writeConfig('', 'valeu');
    const ended = await reprise(['status'], database());
    expect(expectOneMessage(ended, 'DEFINITION_INVALID', 2)).toContain('valeu');
  });

  it('a broker where nobody listens', async () => {
    writeConfig();
    const ended = await reprise(['run'], { ...database(), REPRISE_KAFKA_BROKERS: nobodyListens });
    expect(expectOneMessage(ended, 'LOG_UNAVAILABLE', 3)).toContain(nobodyListens);
  });

  it('a registry where nobody listens', async () => {
    writeConfig();
    const url = `http://${nobodyListens}`;
    const ended = await reprise(['run'], { ...database(), REPRISE_REGISTRY_URL: url });
    expect(expectOneMessage(ended, 'REGISTRY_UNAVAILABLE', 3)).toContain(nobodyListens);
  });

  it('a wrong password, without printing it', async () => {
    writeConfig();
    const url = new URL(inject('postgresUrl'));
    url.password = 'not-the-password';
    const ended = await reprise(['status'], { REPRISE_DATABASE_URL: url.href });
    expectOneMessage(ended, 'DATABASE_UNAVAILABLE', 3);
    expect(ended.stderr).not.toContain('not-the-password');
  });

  it('a port that is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    writeConfig(`database: { type: 'embedded', dataDirectory: './data', port: ${port} }`);
    const ended = await reprise(['status']);
    server.close();
    expect(expectOneMessage(ended, 'PORT_IN_USE', 3)).toContain(String(port));
  });

  it('a data directory that cannot be written', async () => {
    writeConfig();
    writeFileSync(join(folder, 'file'), '');
    const ended = await reprise(['status'], { REPRISE_DATA_DIRECTORY: './file/data' });
    expect(expectOneMessage(ended, 'DATA_DIRECTORY_UNUSABLE', 3)).toContain('file');
  });
});

it('prints the stack trace when --verbose asks for it', async () => {
  const { stderr } = await reprise(['status', '--verbose']);
  expect(stderr).toMatch(/^error CONFIG_INVALID: /);
  expect(stderr).toMatch(/^\s+at /m);
});

it('documents exit codes in its help', async () => {
  const { code, stdout } = await reprise(['--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('Exit codes:');
});
