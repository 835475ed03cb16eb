import { createServer } from 'node:net';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { classify } from '../../src/postgres/classify.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import type { RowSet } from '../../src/projection/plan/row-set.ts';
import type { TablePlan } from '../../src/projection/plan/table-plan.ts';
import { copyRows } from '../../src/readmodel/copy-rows.ts';
import { createTable } from '../../src/readmodel/create-table.ts';
import { checkDatabase, createKnex, createPool } from '../../src/readmodel/pool.ts';
import { RepriseError } from '../../src/reprise-error.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { createUnmigratedDatabase, useDatabase } from '../support/test-database.ts';

const database = useDatabase('file');
let pool: pg.Pool;

beforeAll(async () => {
  pool = createPool({ url: database.url });
});

afterAll(async () => {
  await pool.end();
});

const plan: TablePlan = {
  name: 'words',
  version: 1,
  comment: 'words',
  columns: [{ name: 'word', type: 'text', nullable: false, role: 'key', comment: 'a word' }],
  indexes: [],
  view: { onlyWhere: null, merges: null, isMerged: false },
};

function words(count: number): RowSet {
  const values = Array<string>(count).fill('word'.repeat(40));
  return { count, columns: [{ type: 'text', values, present: null }] };
}

describe('connections', () => {
  test('the knex for reads also runs the migrations, again and again', async () => {
    const empty = await createUnmigratedDatabase();
    const own = createKnex({ url: empty.url });
    expect(await migrate(own)).toContain('0001-projections');
    expect(await migrate(own)).toEqual([]);
    await own.destroy();
    await empty.drop();
  });

  test.each([
    [
      'a wrong database',
      (url: URL) => (url.pathname = '/nowhere'),
      'has no database named nowhere',
      false,
    ],
    [
      'a wrong host',
      (url: URL) => (url.hostname = 'nowhere.invalid'),
      'the host name is unknown',
      true,
    ],
    [
      'a wrong password',
      (url: URL) => (url.password = 'mistaken'),
      'did not let postgres in: wrong password',
      false,
    ],
  ])('%s is explained without the password', async (_, spoil, what, retriable) => {
    const url = new URL(database.url);
    spoil(url);
    const wrong = createPool({ url: url.href });
    const error = await checkDatabase(wrong, url.href).catch(
      (reason: unknown) => reason as RepriseError,
    );
    await wrong.end();
    expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE', retriable });
    expect(error?.message).toContain(what);
    expect(error?.message).toContain(`user ${url.username}`);
    expect(error?.message).not.toContain(url.password);
    expect(classify(error)).toBe('pause');
  });

  test('a port where nobody listens is explained', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const url = `postgres://someone:secret@127.0.0.1:${port}/db`;
    const nobody = createPool({ url });
    await expect(checkDatabase(nobody, url)).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      retriable: true,
      message: expect.stringContaining(
        `Postgres at 127.0.0.1:${port} (database db, user someone) refused the connection`,
      ),
      facts: { host: '127.0.0.1', port, database: 'db', user: 'someone' },
    });
    await nobody.end();
  });

  test('a session that is ended during COPY rejects as an outage, and the process lives', async () => {
    const client = await pool.connect();
    onTestFinished(() => client.release(true));
    await client.query('begin');
    await createTable(client, plan, { constraints: 'later' });
    // The second row stands still for good, so that the COPY is met on the slowest machine.
    await client.query(`create function pg_temp.stand_still() returns trigger language plpgsql as
      $$ begin perform pg_sleep(600); return new; end $$`);
    await client.query(`create trigger stand_still before insert on public.words__v1 for each row
      when (new.word = 'stand still') execute function pg_temp.stand_still()`);
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const values = ['moves on', 'stand still'];
    const given: RowSet = { count: 2, columns: [{ type: 'text', values, present: null }] };
    const outcome = copyRows(client, plan, 0, given).then(() => 'copied', classify);
    const copying = 'select 1 from pg_stat_progress_copy where pid = $1';
    await expect
      .poll(async () => (await pool.query(copying, [rows[0]?.pid])).rowCount, { timeout: 60_000 })
      .toBe(1);
    await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    expect(await outcome).toBe('pause');
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('a connection that is cut during COPY rejects as an outage', async () => {
    await pool.query('create table if not exists public.words__v2 (_partition int4, word text)');
    const direct = new URL(database.url);
    const proxy = await startTcpProxy({ host: direct.hostname, port: Number(direct.port) });
    const url = new URL(direct.href);
    url.hostname = '127.0.0.1';
    url.port = String(proxy.port);
    const cut = createPool({ url: url.href });
    const client = await cut.connect();
    let chunks = 0;
    proxy.judge = () => {
      chunks += 1;
      return chunks === 20 ? 'cut-before' : 'forward';
    };
    const second = { ...plan, version: 2 };
    const outcome = await copyRows(client, second, 0, words(600_000)).then(
      () => 'copied',
      classify,
    );
    expect(outcome).toBe('pause');
    client.release(true);
    await cut.end();
    await proxy.close();
  });
});

describe('errors of Postgres', () => {
  const withCode = (code: string) => Object.assign(new Error('said'), { code });

  test.each(['40001', '40P01', '55P03'])('%s is worth another try', (code) => {
    expect(classify(withCode(code))).toBe('retry');
  });

  test.each([
    '08006',
    '08P01',
    '53100',
    '53300',
    '25006',
    '25P03',
    '57014',
    '57P01',
    '57P03',
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
  ])('%s is an outage', (code) => {
    expect(classify(withCode(code))).toBe('pause');
  });

  test.each([
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
  ])('"%s" is an outage', (message) => {
    expect(classify(new Error(message))).toBe('pause');
  });

  test('everything else is a defect', () => {
    for (const code of [
      '23505',
      '22021',
      '42P01',
      '42703',
      '28P01',
      'XX000',
      'ERR_INVALID_ARG_TYPE',
    ]) {
      expect(classify(withCode(code))).toBe('defect');
    }
    expect(classify(new Error('anything'))).toBe('defect');
    expect(classify('text')).toBe('defect');
    expect(classify(new RepriseError('FENCED', 'said'))).toBe('defect');
    expect(classify(new RepriseError('DATABASE_UNAVAILABLE', 'said'))).toBe('pause');
  });

  test('what Postgres and the pool themselves throw is told apart', async () => {
    const tight = createPool({ url: database.url, max: 1 });
    const client = await tight.connect();
    const failure = (sql: string) => client.query(sql).then(() => 'none', classify);
    expect(await failure(`set statement_timeout = 10; select pg_sleep(5)`)).toBe('pause');
    expect(await failure('select 1 / 0')).toBe('defect');
    const blocker = await pool.connect();
    await blocker.query('begin; lock table reprise.tasks');
    expect(
      await failure(
        `set statement_timeout = 0; set lock_timeout = 10; select * from reprise.tasks`,
      ),
    ).toBe('retry');
    await blocker.query('rollback');
    blocker.release();
    client.release();
    await tight.end();
  });

  test('who waits for a connection in vain loses none: it is there for the next', async () => {
    const { hostname, port } = new URL(database.url);
    const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
    const url = database.url.replace(`:${port}/`, `:${proxy.port}/`);
    const narrow = createPool({ url, max: 1, connectMs: 300 });
    const first = await narrow.connect();
    const second = narrow.connect();
    proxy.judge = (chunk) => (chunk.includes('pg_is_in_recovery') ? 'hold' : 'forward');
    first.release(true);
    await expect(second).rejects.toThrow(/timeout/);
    proxy.judge = () => 'forward';
    proxy.resume();
    const third = await narrow.connect();
    third.release();
    await narrow.end();
    await proxy.close();
  });
});
