import { type ChildProcess, spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { RepriseError } from '../reprise-error.ts';
import { type DataDirectory, makeOwnFolder, unusable } from './data-directory.ts';
import { isAlive, isPostgres } from './is-alive.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import type { RunUser } from './run-user.ts';

/** What the functions here need to run Postgres's programs on one data directory. */
export interface Server {
  readonly directory: DataDirectory;
  readonly binaries: PostgresBinaries;
  readonly user: RunUser;
}

/** A running server as its postmaster.pid tells. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
}

/** Why a launched server is not there. `portTaken` may be cured by another port. */
export interface LaunchFailure {
  readonly portTaken: boolean;
  readonly log: string;
}

const LOG_BYTES_MAX = 10 * 1024 * 1024;

/**
 * Always UTF-8 with the builtin C.UTF-8: initdb would otherwise follow LANG and could make
 * SQL_ASCII. The cluster is made beside its place and renamed, so a killed initdb leaves nothing
 * that looks like a cluster.
 * @throws DATA_DIRECTORY_UNUSABLE with initdb's own words
 */
export async function initialiseCluster(server: Server, password: string): Promise<void> {
  const { directory, user } = server;
  const half = `${directory.cluster}.new`;
  const passwordFile = join(directory.path, 'password.initdb');
  rmSync(half, { recursive: true, force: true });
  makeOwnFolder(half, user);
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user !== null) chownSync(passwordFile, user.uid, user.gid);
  const flags = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const result = await run(server, server.binaries.initdb, [
    `--pgdata=${half}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--locale=C',
    ...flags,
  ]);
  rmSync(passwordFile, { force: true });
  if (result.code !== 0) {
    rmSync(half, { recursive: true, force: true });
    throw unusable(directory.path, `initdb failed: ${result.output.trim().slice(-1_000)}`);
  }
  renameSync(half, directory.cluster);
}

/** The server that postmaster.pid names, if that process is there and is a Postgres. */
export function runningServer(directory: DataDirectory): RunningServer | null {
  const file = join(directory.cluster, 'postmaster.pid');
  if (!existsSync(file)) return null;
  const lines = readFileSync(file, 'utf8').split('\n');
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  return pid > 0 && port > 0 && isPostgres(pid) ? { pid, port } : null;
}

/**
 * Starts the server and returns its process. It gets a session of its own: Ctrl-C in a terminal
 * must reach the application, which then stops the server in order, and not the server first. Its
 * output goes to a file, because a pipe would break when the application is killed.
 */
export function launch(server: Server, port: number, durable: boolean): ChildProcess {
  const { directory, binaries } = server;
  forgetStalePid(directory);
  const settings = Object.entries(settingsOf(durable)).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const log = openLog(directory);
  try {
    const child = spawn(
      binaries.postgres,
      ['-D', directory.cluster, '-p', `${port}`, ...settings],
      {
        ...processOptions(server),
        detached: true,
        stdio: ['ignore', log, log],
      },
    );
    child.on('error', () => undefined); // Seen as a process without an id by the caller.
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** What the server said last. */
export function launchFailure(directory: DataDirectory): LaunchFailure {
  const log = existsSync(directory.logFile)
    ? readFileSync(directory.logFile, 'utf8').slice(-2_000)
    : '';
  const lastStart = log.slice(Math.max(0, log.lastIndexOf('starting PostgreSQL')));
  return {
    portTaken: /could not (bind|create any TCP)|Address already in use/.test(lastStart),
    log: log.trim(),
  };
}

/**
 * Fast shutdown: open transactions are rolled back, everything committed is on disk. Resolves when
 * the server is gone.
 */
export async function stopServer(server: Server): Promise<void> {
  const pid = runningServer(server.directory)?.pid;
  if (pid === undefined) return;
  const result = await run(server, server.binaries.pgCtl, [
    'stop',
    `--pgdata=${server.directory.cluster}`,
    '--mode=fast',
    '--wait',
    '--timeout=60',
  ]);
  if (result.code === 0 || !isAlive(pid)) return;
  throw new RepriseError(
    'DATABASE_FAILED',
    `The embedded Postgres (process ${pid}, data in ${server.directory.path}) did not stop within 60 s: ${result.output.trim()}. ` +
      'Its log is postgres.log in that folder; what was committed is safe whatever ends it.',
    { facts: { pid } },
  );
}

/**
 * Nothing here weakens durability unless `durable` is false; wal_level minimal only gives up
 * replication, and makes COPY into new tables cheap.
 */
function settingsOf(durable: boolean): Record<string, string> {
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    max_wal_size: '4GB',
    checkpoint_timeout: '15min',
    wal_level: 'minimal',
    max_wal_senders: '0',
    jit: 'off',
    // An index is built by as many processes as there are cores: the one that was asked, and these.
    max_parallel_maintenance_workers: String(availableParallelism() - 1),
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
}

/**
 * A pid file whose process is not a Postgres would stop the start when its id is in use by
 * something else.
 */
function forgetStalePid(directory: DataDirectory): void {
  if (runningServer(directory) === null) {
    rmSync(join(directory.cluster, 'postmaster.pid'), { force: true });
  }
}

function openLog({ logFile }: DataDirectory): number {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_BYTES_MAX) truncateSync(logFile);
  return openSync(logFile, 'a', 0o600);
}

function processOptions({ binaries, user, directory }: Server) {
  return {
    env: binaries.env,
    cwd: directory.path,
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
  };
}

function run(
  server: Server,
  program: string,
  parameters: readonly string[],
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, {
      ...processOptions(server),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once('error', (error) => resolve({ code: -1, output: `${program}: ${error.message}` }));
    child.once('close', (code) => resolve({ code: code ?? -1, output }));
  });
}
