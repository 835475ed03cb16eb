import type { Knex } from 'knex';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { Decimal } from '../../src/event/decimal.ts';
import { DeclaredProjections } from '../../src/projection/plan/declared-projections.ts';
import type { Plan } from '../../src/projection/plan/plan.ts';
import type { Definition } from '../../src/projection/plan/projection.ts';
import { Projection } from '../../src/projection/plan/projection.ts';
import type { RowSet } from '../../src/projection/plan/row-set.ts';
import type { ColumnPlan, TablePlan } from '../../src/projection/plan/table-plan.ts';
import { copyRows } from '../../src/readmodel/copy-rows.ts';
import { createTable } from '../../src/readmodel/create-table.ts';
import { createKnex, createPool } from '../../src/readmodel/pool.ts';
import { createReadModels, type ReadModels } from '../../src/readmodel/read-models.ts';
import { swapView } from '../../src/readmodel/swap-view.ts';
import { upsertRows } from '../../src/readmodel/upsert-rows.ts';
import { createUnmigratedDatabase, useDatabase } from '../support/test-database.ts';

interface BalanceRow {
  user_id: string;
  day: string;
  seen_at: Date;
  events: bigint;
  average: number | null;
  total: bigint;
  balance: Decimal | null;
}

class Balances extends Projection {
  readonly name = 'balances';
  readonly version = 1;
  define(): Definition<BalanceRow> {
    return { kind: 'test' };
  }
}

const column = (
  name: string,
  type: ColumnPlan['type'],
  extra: Partial<ColumnPlan> = {},
): ColumnPlan => ({
  name,
  type,
  nullable: false,
  role: 'measure',
  comment: `what ${name} means: it's "here"`,
  ...extra,
});

const plan: TablePlan = {
  name: 'balances',
  version: 1,
  comment: "Balances of a test's users",
  columns: [
    column('user_id', 'text', { role: 'key' }),
    column('day', 'date', { role: 'key' }),
    column('seen_at', 'timestamptz', { role: 'key' }),
    column('events', 'int8'),
    column('average', 'float8', { nullable: true }),
    column('total', 'numeric'),
    column('balance', 'numeric', { scale: 2, nullable: true }),
    column('_rest', 'float8', { role: 'state' }),
  ],
  indexes: [],
  view: { onlyWhere: null, merges: null, isMerged: false },
};

const MOMENT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** One row per user, told apart by `events`. */
function rowsOf(users: readonly string[], events: number): RowSet {
  const numbers = (value: number) => new Float64Array(users.length).fill(value);
  const list = <Value>(value: Value) => users.map(() => value);
  return {
    count: users.length,
    columns: [
      { type: 'text', values: users, present: null },
      { type: 'date', values: numbers(20_000), present: null },
      { type: 'timestamptz', values: numbers(MOMENT), present: null },
      { type: 'int8', values: numbers(events), exact: null, present: null },
      { type: 'float8', values: numbers(0.1), present: null },
      { type: 'numeric', values: list(2n ** 80n) },
      { type: 'numeric', values: list(-1230n) },
      { type: 'float8', values: numbers(0), present: null },
    ],
  };
}

const database = useDatabase('file');
let pool: pg.Pool;
let knex: Knex;
let readModels: ReadModels;
const declared = new DeclaredProjections([Balances], [{ name: 'balances' } as Plan]);

beforeAll(async () => {
  pool = createPool({ url: database.url });
  knex = createKnex({ url: database.url });
  readModels = createReadModels({ knex, pool, declared });
});

afterAll(async () => {
  await knex.destroy();
  await pool.end();
});

async function withClient<Result>(
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
}

describe('the stable view', () => {
  beforeEach(async () => {
    await pool.query('drop view if exists public.balances');
    for (const version of [1, 2])
      await pool.query(`drop table if exists public.balances__v${version}`);
  });

  test('shows keys and measures of the version it was swapped to, with comments', async () => {
    await withClient(async (client) => {
      const second = { ...plan, version: 2 };
      for (const each of [plan, second]) await createTable(client, each, { constraints: 'now' });
      await upsertRows(client, plan, 0, rowsOf(['a'], 1));
      await upsertRows(client, second, 0, rowsOf(['a'], 2));
      await swapView(client, plan);
      const { fields, rows } = await client.query('select * from public.balances');
      expect(fields.map(({ name }) => name)).toEqual(
        plan.columns.slice(0, -1).map(({ name }) => name),
      );
      expect(rows[0]).toMatchObject({ events: '1' });
      await swapView(client, second);
      expect((await client.query('select events from public.balances')).rows).toEqual([
        { events: '2' },
      ]);
      const comments = await client.query(
        `select obj_description(c.oid) as own, col_description(c.oid, 1) as first from pg_class c
         where oid in ('public.balances'::regclass, 'public.balances__v1'::regclass) order by relkind`,
      );
      expect(comments.rows).toEqual([
        { own: plan.comment, first: 'partition of the log whose task owns the row' },
        { own: plan.comment, first: plan.columns[0]?.comment },
      ]);
    });
  });

  test('is made anew when columns change, keeping its grants, and readers see it only after the commit', async () => {
    const second: TablePlan = {
      ...plan,
      version: 2,
      columns: [
        ...plan.columns.filter(({ name }) => name !== 'average'),
        column('highest', 'int4'),
      ],
    };
    await withClient(async (client) => {
      for (const each of [plan, second]) await createTable(client, each, { constraints: 'now' });
      await swapView(client, plan);
      await client.query('grant select on public.balances to public');
      await client.query('begin');
      await swapView(client, second);
      await client.query('rollback');
      expect((await pool.query('select average from public.balances')).rows).toEqual([]);
      await client.query('begin');
      await swapView(client, second);
      await client.query('commit');
      const { fields } = await pool.query('select * from public.balances');
      expect(fields.map(({ name }) => name)).toContain('highest');
      const { rows } = await pool.query(
        `select privilege_type as privilege from pg_class, aclexplode(relacl) where oid = 'public.balances'::regclass and grantee = 0`,
      );
      expect(rows).toEqual([{ privilege: 'SELECT' }]);
    });
  });

  test('is not swapped from under objects that need its old columns, nor over a table of that name', async () => {
    const second = {
      ...plan,
      version: 2,
      columns: plan.columns.filter(({ name }) => name !== 'average'),
    };
    await withClient(async (client) => {
      for (const each of [plan, second]) await createTable(client, each, { constraints: 'now' });
      await swapView(client, plan);
      await client.query('create view public.on_top as select * from public.balances');
      await expect(swapView(client, second)).rejects.toMatchObject({
        code: 'ACTIVATE_REFUSED',
        message: expect.stringContaining('view on_top depends on view balances'),
      });
      await client.query(
        'drop view public.on_top; drop view public.balances; create table public.balances ()',
      );
      await expect(swapView(client, plan)).rejects.toMatchObject({ code: 'ACTIVATE_REFUSED' });
      await client.query('drop table public.balances');
    });
  });

  test('is queried with typed rows', async () => {
    await withClient(async (client) => {
      await createTable(client, plan, { constraints: 'now' });
      await swapView(client, plan);
      await copyRows(client, plan, 0, rowsOf(['a', 'b'], 2 ** 53 - 1));
    });
    const rows = await readModels
      .query(Balances)
      .where('user_id', 'b')
      .orderBy('day', 'desc')
      .limit(5);
    expectTypeOf(rows).toEqualTypeOf<BalanceRow[]>();
    expect(rows).toEqual([
      {
        user_id: 'b',
        day: '2024-10-04',
        seen_at: new Date(MOMENT),
        events: 2n ** 53n - 1n,
        average: 0.1,
        total: 2n ** 80n,
        balance: new Decimal(-1230n, 2),
      },
    ]);
    const first = await readModels
      .query(Balances)
      .where({ events: 2n ** 53n - 1n })
      .orderBy('user_id')
      .first();
    expectTypeOf(first).toEqualTypeOf<BalanceRow | undefined>();
    expect(first?.user_id).toBe('a');
    const picked = await readModels
      .query(Balances)
      .where('day', '>=', '2024-10-05')
      .select('user_id', 'events');
    expectTypeOf(picked).toEqualTypeOf<Pick<BalanceRow, 'user_id' | 'events'>[]>();
    expect(picked).toEqual([]);
  });
});

describe('waiting for a position', () => {
  const position = { topic: 'payments', partition: 2, offset: 41n };

  async function stand(version: number, nextOffset: bigint): Promise<void> {
    await pool.query(
      `insert into reprise.checkpoints (projection, version, partition, topic, topic_id, next_offset)
       values ('balances', $1, 2, 'payments', 'id', $2)
       on conflict (projection, version, partition, topic) do update set next_offset = excluded.next_offset`,
      [version, nextOffset.toString()],
    );
  }

  beforeEach(async () => {
    await pool.query('truncate reprise.projections, reprise.checkpoints');
  });

  test('resolves once the active version has folded the record, not another version', async () => {
    await pool.query(`insert into reprise.projections values ('balances', 2)`);
    await stand(1, 100n);
    await stand(2, 41n);
    let resolved = false;
    const waiting = readModels.waitFor(Balances, position).then(() => {
      resolved = true;
    });
    await readModels.waitFor(Balances, { ...position, offset: 40n });
    expect(resolved).toBe(false);
    await stand(2, 42n);
    await waiting;
  });

  test('times out saying where the projection stands', async () => {
    await pool.query(`insert into reprise.projections values ('balances', 1)`);
    const wait = () => readModels.waitFor(Balances, position, { timeoutMs: 30 });
    await expect(wait()).rejects.toMatchObject({
      code: 'TIMEOUT',
      retriable: true,
      message: expect.stringContaining('has not committed anything of payments[2] yet'),
    });
    await stand(1, 7n);
    await expect(wait()).rejects.toThrow(
      'balances v1 has not folded payments[2]@41 within 30 ms: it stands at payments[2]@7.',
    );
  });

  test('ends with the reason of its signal', async () => {
    await pool.query(`insert into reprise.projections values ('balances', 1)`);
    const controller = new AbortController();
    const waiting = readModels.waitFor(Balances, position, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  test('refuses a projection that was never run, and a database without tables', async () => {
    await expect(readModels.waitFor(Balances, position)).rejects.toMatchObject({
      code: 'UNKNOWN_PROJECTION',
    });
    const empty = await createUnmigratedDatabase();
    const other = createPool({ url: empty.url });
    await expect(
      createReadModels({ knex, pool: other, declared }).waitFor(Balances, position),
    ).rejects.toMatchObject({ code: 'NOT_MIGRATED' });
    await other.end();
    await empty.drop();
  });
});
