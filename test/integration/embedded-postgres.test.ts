import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-embedded-'));
  chmodSync(folder, 0o755);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function query(url: string, sql: string): Promise<unknown[][]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

it('keeps data and port over a restart, and is durable, UTF-8 and on loopback only', async () => {
  const first = await startEmbeddedPostgres({ dataDirectory: folder });
  await query(first.url, "create table kept as select 'ü' as text");
  const settings = await query(
    first.url,
    `select current_setting('fsync'), current_setting('synchronous_commit'),
       current_setting('server_encoding'), current_setting('listen_addresses')`,
  );
  expect(settings).toEqual([['on', 'on', 'UTF8', '127.0.0.1']]);
  await first.stop();
  await first.stop();
  await expect(query(first.url, 'select 1')).rejects.toThrow();
  const second = await startEmbeddedPostgres({ dataDirectory: folder });
  expect(second.port).toBe(first.port);
  expect(await query(second.url, 'select text from kept')).toEqual([['ü']]);
  await second.stop();
});

it('is started once by two starts at once', async () => {
  const [one, two] = await Promise.all([
    startEmbeddedPostgres({ dataDirectory: folder }),
    startEmbeddedPostgres({ dataDirectory: folder }),
  ]);
  expect(two.url).toBe(one.url);
  await Promise.all([one.stop(), two.stop()]);
  await expect(query(one.url, 'select 1')).rejects.toThrow();
});

it('is left running by the stop of one who merely joined', async () => {
  const owner = await startEmbeddedPostgres({ dataDirectory: folder });
  const joiner = await startEmbeddedPostgres({ dataDirectory: folder });
  await joiner.stop();
  expect(await query(owner.url, 'select 1')).toEqual([[1]]);
  await owner.stop();
});

it('outlives kill -9 of its application, and belongs to the next one that starts', async () => {
  const script = join(folder, 'application.mts');
  const module = new URL('../../src/embedded/embedded-postgres.ts', import.meta.url).href;
  writeFileSync(
    script,
    `import { startEmbeddedPostgres } from '${module}';
     const { url } = await startEmbeddedPostgres({ dataDirectory: ${JSON.stringify(join(folder, 'data'))} });
     console.log(url); setInterval(() => {}, 1000);`,
  );
  const tsx = new URL('../../node_modules/tsx/dist/loader.mjs', import.meta.url).href;
  const application = spawn(process.execPath, ['--import', tsx, script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(application.stdout, 'data')) as [Buffer];
  const url = line.toString().trim();
  await query(url, 'create table committed as select 1 as one');
  application.kill('SIGKILL');
  await once(application, 'exit');
  const next = await startEmbeddedPostgres({ dataDirectory: join(folder, 'data') });
  expect(next.url).toBe(url);
  expect(await query(next.url, 'select one from committed')).toEqual([[1]]);
  await next.stop();
  await expect(query(url, 'select 1')).rejects.toThrow();
});

it('starts over a stale postmaster.pid whose process id is in use by something else', async () => {
  const first = await startEmbeddedPostgres({ dataDirectory: folder, durable: false });
  await first.stop();
  const stale = `${process.pid}\n${folder}/postgres\n0\n${first.port}\n\n127.0.0.1\n`;
  writeFileSync(join(folder, 'postgres', 'postmaster.pid'), stale);
  const second = await startEmbeddedPostgres({ dataDirectory: folder, durable: false });
  expect(await query(second.url, 'select 1')).toEqual([[1]]);
  await second.stop();
});

it('takes the next free port when its own is taken, unless the port is configured', async () => {
  const first = await startEmbeddedPostgres({ dataDirectory: folder, durable: false });
  await first.stop();
  const squatter = createServer().listen(first.port, '127.0.0.1');
  await once(squatter, 'listening');
  await expect(
    startEmbeddedPostgres({ dataDirectory: folder, port: first.port }),
  ).rejects.toMatchObject({ code: 'PORT_IN_USE', facts: { port: first.port } });
  const said: string[] = [];
  const second = await startEmbeddedPostgres({
    dataDirectory: folder,
    durable: false,
    onProgress: (message) => said.push(message),
  });
  expect(second.port).toBeGreaterThan(first.port);
  expect(said.join()).toContain(String(second.port));
  await second.stop();
  squatter.close();
});

it('names a data directory that cannot be used', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await expect(startEmbeddedPostgres({ dataDirectory: join(file, 'data') })).rejects.toMatchObject({
    code: 'DATA_DIRECTORY_UNUSABLE',
    message: expect.stringContaining(file),
  });
});

it.runIf(process.getuid?.() === 0)(
  'as root keeps data elsewhere, and says so, when its user may not enter the folder',
  async () => {
    chmodSync(folder, 0o700);
    const said: string[] = [];
    const server = await startEmbeddedPostgres({
      dataDirectory: join(folder, 'data'),
      durable: false,
      onProgress: (message) => said.push(message),
    });
    expect(server.dataDirectory.startsWith(folder)).toBe(false);
    expect(said.join()).toContain(folder);
    await server.stop();
    rmSync(server.dataDirectory, { recursive: true, force: true });
  },
);
