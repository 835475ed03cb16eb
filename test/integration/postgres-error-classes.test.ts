import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { logError } from '../../src/log/postgres/log-error.ts';
import { classify, type ErrorClass, sqlStateOf } from '../../src/postgres/classify.ts';
import { guarded } from '../../src/registry/postgres/guarded.ts';
import type { RepriseError } from '../../src/reprise-error.ts';
import { passes } from '../../src/runner/session/open-session.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase('file');

beforeAll(async () => {
  const client = await connect();
  await client.query(
    'create table public.kept (id int primary key, n int not null check (n < 100))',
  );
  await client.query('insert into public.kept select i, 0 from generate_series(1, 2) i');
  await client.end();
});

async function connect(options: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url, ...options });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Runs with connections of its own. @returns what it threw */
async function thrownBy(
  work: (client: pg.Client, other: pg.Client) => Promise<unknown>,
): Promise<unknown> {
  const [client, other] = [await connect(), await connect()];
  try {
    return await work(client, other).then(
      () => undefined,
      (error: unknown) => error,
    );
  } finally {
    await Promise.all([client, other].map((each) => each.end().catch(() => undefined)));
  }
}

const failing = (statement: string) => () => thrownBy((client) => client.query(statement));

function elsewhere(change: (url: URL) => void): () => Promise<unknown> {
  return async () => {
    const url = new URL(database.url);
    change(url);
    const client = new pg.Client({ connectionString: url.href });
    client.on('error', () => undefined);
    return client.connect().catch((error: unknown) => error);
  };
}

const serializationFailure = () =>
  thrownBy(async (client, other) => {
    for (const each of [client, other]) {
      await each.query('begin isolation level repeatable read');
      await each.query('select sum(n) from public.kept');
    }
    await other.query('update public.kept set n = n + 1');
    await other.query('commit');
    await client.query('update public.kept set n = n + 1');
  });

const deadlock = () =>
  thrownBy(async (client, other) => {
    for (const [each, id] of [
      [client, 1],
      [other, 2],
    ] as const) {
      await each.query(`begin; set local deadlock_timeout = '10ms'`);
      await each.query('update public.kept set n = n where id = $1', [id]);
    }
    const crossed = await Promise.allSettled([
      client
        .query('update public.kept set n = n where id = 2')
        .finally(() => client.query('rollback')),
      other
        .query('update public.kept set n = n where id = 1')
        .finally(() => other.query('rollback')),
    ]);
    for (const outcome of crossed) if (outcome.status === 'rejected') throw outcome.reason;
  });

const lockTimeout = () =>
  thrownBy(async (client, other) => {
    await other.query('begin; lock table public.kept');
    await client.query(`set lock_timeout = '10ms'`);
    await client.query('update public.kept set n = n');
  });

const terminated = () =>
  thrownBy(async (client, other) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const sleeping = client.query('select pg_sleep(60)');
    await Promise.all([sleeping, other.query('select pg_terminate_backend($1)', [rows[0]?.pid])]);
  });

const cancelled = () =>
  thrownBy(async (client, other) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const sleeping = client.query('select pg_sleep(60)');
    await Promise.all([sleeping, cancelUntilDone(other, rows[0]?.pid)]);
  });

/** The statement may not have begun at the first look. */
async function cancelUntilDone(other: pg.Client, pid: number | undefined): Promise<void> {
  for (let isActive = false; !isActive; ) {
    const { rows } = await other.query<{ active: boolean }>(
      `select state = 'active' as active from pg_stat_activity where pid = $1`,
      [pid],
    );
    isActive = rows[0]?.active ?? false;
  }
  await other.query('select pg_cancel_backend($1)', [pid]);
}

/** The server says so while the connection is idle, and closes it. */
const idleInTransaction = () =>
  thrownBy(async (client) => {
    const told = new Promise((_, reject) => client.on('error', reject));
    await client.query(`set idle_in_transaction_session_timeout = '10ms'`);
    await client.query('begin');
    await told;
  });

const afterIdleInTransaction = () =>
  thrownBy(async (client) => {
    const told = new Promise((resolve) => client.on('end', () => resolve(undefined)));
    await client.query(`set idle_in_transaction_session_timeout = '10ms'`);
    await client.query('begin');
    await told;
    await client.query('select 1');
  });

const tooManyConnections = async () => {
  const name = `reprise_one_${process.pid}`;
  const admin = await connect();
  await admin.query(`create role ${name} login password 'one' connection limit 0`);
  const error = await elsewhere((url) => {
    url.username = name;
    url.password = 'one';
  })();
  await admin.query(`drop role ${name}`);
  await admin.end();
  return error;
};

const CAUSES: readonly (readonly [
  what: string,
  state: string | null,
  means: ErrorClass,
  cause: () => Promise<unknown>,
])[] = [
  ['a serialization failure', '40001', 'retry', serializationFailure],
  ['a deadlock', '40P01', 'retry', deadlock],
  ['a lock time-out', '55P03', 'retry', lockTimeout],
  [
    'a statement time-out',
    '57014',
    'pause',
    failing(`set statement_timeout = '10ms'; select pg_sleep(60)`),
  ],
  ['a cancelled statement', '57014', 'pause', cancelled],
  ['a terminated session', '57P01', 'pause', terminated],
  ['a transaction that stood still', '25P03', 'pause', idleInTransaction],
  ['what comes after that', null, 'pause', afterIdleInTransaction],
  [
    'a server that takes no writes',
    '25006',
    'pause',
    failing('begin read only; update public.kept set n = n'),
  ],
  ['too many connections', '53300', 'pause', tooManyConnections],
  [
    'a disk that holds no more (a limit of temporary files)',
    '53400',
    'pause',
    failing(`set temp_file_limit = '1MB'; set work_mem = '64kB';
      select count(*) from (select i from generate_series(1, 1000000) i order by md5(i::text)) s`),
  ],
  [
    'a broken protocol',
    '08P01',
    'pause',
    () => thrownBy((client) => client.query({ name: 'one', text: 'select $1::int', values: [] })),
  ],
  [
    'no server',
    null,
    'pause',
    elsewhere((url) => {
      url.port = '1';
    }),
  ],
  [
    'no such host',
    null,
    'pause',
    elsewhere((url) => {
      url.hostname = 'no-such-host.invalid';
    }),
  ],
  [
    'no such database',
    '3D000',
    'defect',
    elsewhere((url) => {
      url.pathname = '/no_such_database';
    }),
  ],
  [
    'no such role',
    null,
    'defect',
    elsewhere((url) => {
      url.username = 'nobody_of_that_name';
    }),
  ],
  ['a division by zero', '22012', 'defect', failing('select 1 / 0')],
  ['a number out of range', '22003', 'defect', failing('select 2147483647 + 1')],
  ['text that is no number', '22P02', 'defect', failing(`select 'x'::int`)],
  ['a duplicate key', '23505', 'defect', failing('insert into public.kept values (1, 0)')],
  ['a failed check', '23514', 'defect', failing('insert into public.kept values (3, 100)')],
  ['a null', '23502', 'defect', failing('insert into public.kept values (3, null)')],
  ['a syntax error', '42601', 'defect', failing('selec 1')],
  [
    'a missing right',
    '42501',
    'defect',
    failing('set role pg_read_all_stats; update public.kept set n = n'),
  ],
  ['a missing table', '42P01', 'defect', failing('select from public.nothing')],
  ['a missing column', '42703', 'defect', failing('select nothing from public.kept')],
  ['a missing schema', '3F000', 'defect', failing('create table nothing.kept ()')],
  ['an exception of a function', 'P0001', 'defect', failing(`do $$ begin raise 'no'; end $$`)],
];

const MISSING = ['42P01', '42703', '3F000'];

describe('an error of a real server', () => {
  test.each(CAUSES)('%s (%s) is a %s to runner, log and registry alike', async (...row) => {
    const [, state, means, cause] = row;
    const error = await cause();
    expect(error).toBeInstanceOf(Error);
    if (state !== null) expect(sqlStateOf(error)).toBe(state);
    expect(classify(error)).toBe(means);
    const retriable = means !== 'defect';
    expect(passes(error)).toBe(retriable);
    const isMissing = MISSING.includes(state ?? '');
    const codeOf = (away: string) =>
      isMissing ? 'NOT_MIGRATED' : retriable ? away : 'DATABASE_FAILED';
    expect(logError(error, 'reading')).toMatchObject({
      ...{ code: codeOf('LOG_UNAVAILABLE'), retriable },
    });
    const ofRegistry = await guarded('reading', () => Promise.reject(error as Error)).catch(
      (refused: RepriseError) => refused,
    );
    expect(ofRegistry).toMatchObject({ code: codeOf('REGISTRY_UNAVAILABLE'), retriable });
  });
});
