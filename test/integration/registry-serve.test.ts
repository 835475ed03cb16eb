import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ChildProcess, startProgram } from '../support/child-process.ts';
import { createUnmigratedDatabase, type TestDatabase } from '../support/test-database.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const STARTED = /listens on (http:\/\/\S+) /;

let database: TestDatabase;
let folder: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  database = await createUnmigratedDatabase();
  folder = mkdtempSync(join(tmpdir(), 'reprise-serve-'));
  writeFileSync(join(folder, 'reprise.config.mjs'), 'export default { projections: [] };');
});
afterAll(async () => {
  for (const program of running) program.kill('SIGKILL');
  await Promise.all(running.map(({ exited }) => exited));
  rmSync(folder, { recursive: true });
  await database.drop();
});

function serve(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const config = join(folder, 'reprise.config.mjs');
  const program = startProgram(main, { REPRISE_DATABASE_URL: database.url, ...env }, [
    '--config',
    config,
    'registry',
    'serve',
    ...args,
  ]);
  running.push(program);
  return program;
}

it('makes the tables, listens on this machine only, says where, and ends cleanly at SIGTERM', async () => {
  const program = serve(['--port', '0']);
  await program.says(STARTED);
  const [, url = ''] = STARTED.exec(program.output()) ?? [];
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const body = JSON.stringify({ schema: '"string"' });
  const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
  const answer = await fetch(`${url}/subjects/a/versions`, { method: 'POST', headers, body });
  expect(await answer.json()).toEqual({ id: 1 });
  await program.says(/"url":"\/subjects\/a\/versions","status":200/);
  expect(program.output()).not.toContain('warning');
  program.kill('SIGTERM');
  expect(await program.exited).toBe(0);
});

it('takes address, password and token from the environment, and warns when everybody may write', async () => {
  const guarded = serve(['--host', '0.0.0.0', '--port', '0'], {
    REPRISE_REGISTRY_SERVER_USERNAME: 'ann',
    REPRISE_REGISTRY_SERVER_PASSWORD: 'secret',
    REPRISE_REGISTRY_SERVER_TOKEN: 't0ken',
  });
  const open = serve(['--json'], {
    REPRISE_REGISTRY_SERVER_HOST: '0.0.0.0',
    REPRISE_REGISTRY_SERVER_PORT: '0',
  });
  await guarded.says(STARTED);
  await open.says(/\{"url":"http:\/\/0\.0\.0\.0:\d+"\}/);
  expect(open.output()).toContain('warning: anybody who can reach http://0.0.0.0:');
  expect(guarded.output()).not.toContain('warning');
  const [, url = ''] = STARTED.exec(guarded.output()) ?? [];
  const subjects = `${url.replace('0.0.0.0', '127.0.0.1')}/subjects`;
  expect((await fetch(subjects)).status).toBe(401);
  const authorization = `Basic ${Buffer.from('ann:secret').toString('base64')}`;
  expect((await fetch(subjects, { headers: { authorization } })).status).toBe(200);
  const bearer = { authorization: 'bearer t0ken' };
  expect((await fetch(subjects, { headers: bearer })).status).toBe(200);
});

it('says which port is taken, and which option is wrong', async () => {
  const first = serve(['--port', '0']);
  await first.says(STARTED);
  const [, url = ''] = STARTED.exec(first.output()) ?? [];
  const second = serve(['--port', new URL(url).port]);
  expect(await second.exited).toBe(3);
  expect(second.output()).toContain('error PORT_IN_USE: Something else listens on 127.0.0.1:');
  const wrong = serve(['--port', 'eighty']);
  expect(await wrong.exited).toBe(2);
});
