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

/** Dependencies of the functions that run Postgres's programs on one data directory. */
export interface Server {
  readonly directory: DataDirectory;
  readonly binaries: PostgresBinaries;
  readonly user: RunUser;
}

/** A running server according to its postmaster.pid. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
}

/** Why a started server is not running. `portTaken`: another port may help. */
export interface LaunchFailure {
  readonly portTaken: boolean;
  readonly log: string;
}

const LOG_BYTES_MAX = 10 * 1024 * 1024;

/**
 * Runs initdb. Always UTF-8 with the builtin C.UTF-8: initdb would otherwise follow LANG and could
 * choose SQL_ASCII. The cluster is created beside its final path and renamed, so that a killed
 * initdb leaves nothing that looks like a cluster.
 * @throws DATA_DIRECTORY_UNUSABLE with initdb's message
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

/** Returns the server that postmaster.pid names, if that process exists and is a Postgres. */
export function runningServer(directory: DataDirectory): RunningServer | null {
  const file = join(directory.cluster, 'postmaster.pid');
  if (!existsSync(file)) return null;
  const lines = readFileSync(file, 'utf8').split('\n');
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  return pid > 0 && port > 0 && isPostgres(pid) ? { pid, port } : null;
}

/**
 * Starts the server and returns its process. It gets its own session: Ctrl-C in a terminal must
 * reach the application, which then stops the server in order, and not the server first. Its output
 * goes to a file, because a pipe would break if the application is killed.
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
    child.on('error', () => undefined); // The caller notices: the process has no id.
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** Returns the end of the server's log, as a failure. */
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
 * Fast shutdown: open transactions are rolled back, committed data is on disk. Resolves when the
 * server has exited.
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
 * Returns the server's settings. Durability is reduced only if `durable` is false. wal_level
 * minimal only disables replication, and makes COPY into new tables cheap.
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
    // Builds an index with as many processes as there are cores: the leader and these workers.
    max_parallel_maintenance_workers: String(availableParallelism() - 1),
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
}

/**
 * Removes a pid file whose process is not a Postgres: it would prevent the start if another process
 * uses its id.
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
