import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AccountOverview } from '../../projections/account-overview.ts';
import { LoginFraud } from '../../projections/login-fraud.ts';
import { SessionAnalytics } from '../../projections/session-analytics.ts';
import { UserMetrics } from '../../projections/user-metrics.ts';
import { PageViewed } from '../../schemas/index.ts';
import { inTransaction } from '../../src/postgres/in-transaction.ts';
import { count, countDistinct } from '../../src/projection/declare/aggregates.ts';
import { tumbling } from '../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../src/projection/declare/windowed-projection.ts';
import type { ColumnType, TablePlan } from '../../src/projection/plan/table-plan.ts';
import { addConstraints } from '../../src/readmodel/add-constraints.ts';
import { createTable } from '../../src/readmodel/create-table.ts';
import { createPool } from '../../src/readmodel/pool.ts';
import { swapView } from '../../src/readmodel/swap-view.ts';
import { keyNames, quoted, quotedList, tableName } from '../../src/readmodel/table-name.ts';
import { scenario } from '../../src/testing/scenario.ts';
import { useDatabase } from '../support/test-database.ts';

const ROWS = 40_000;
const PARTITIONS = 16;

/** Its key leaves out the record key, so its view merges partitions. */
class PageMinutes extends WindowedProjection {
  readonly name = 'page_minutes';
  readonly version = 1;
  define() {
    return this.from(PageViewed)
      .key('page')
      .window(tumbling('1 minute'))
      .measure({ views: count(), visitors: countDistinct('visitorId') });
  }
}

const KINDS = {
  'a windowed projection': new UserMetrics(),
  'a merged view': new PageMinutes(),
  'a session projection': new SessionAnalytics(),
  'a table': new AccountOverview(),
  'a pattern': new LoginFraud(),
};

/**
 * A value for row `g` as SQL: every key value occurs in a few rows, as users and their windows do.
 */
const VALUE: Readonly<Record<ColumnType, string>> = {
  text: `'k' || g / 10`,
  boolean: 'true',
  int4: '1',
  int8: '1',
  float8: '1',
  'float8[]': `'{}'`,
  numeric: '1',
  date: `date '2026-01-01' + g % 10`,
  timestamptz: `timestamptz '2026-01-01' + g % 10 * interval '1 minute'`,
  jsonb: `'[]'`,
  bytea: `'\\x'`,
};

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

const database = useDatabase('file');
let pool: pg.Pool;

beforeAll(async () => {
  pool = createPool({ url: database.url });
});

afterAll(async () => {
  await pool.end();
});

describe.each(Object.entries(KINDS))('the rows of %s', (_kind, projection) => {
  const { plan } = scenario(projection as UserMetrics);
  const { table } = plan;
  const [first] = keyNames(table) as [string];

  beforeAll(async () => {
    await inTransaction(pool, async (client) => {
      await createTable(client, table, { constraints: 'later' });
      await client.query(fillSql(table));
      expect(await addConstraints(client, table)).toBe('added');
      await swapView(client, table);
    });
  });

  test('are found by their natural key through an index', async () => {
    const { rows } = await pool.query<Record<string, unknown>>(
      `select ${quotedList(keyNames(table))} from ${tableName(table)} offset ${ROWS / 2} limit 1`,
    );
    const where = keyNames(table).map((name, i) => `${quoted(name)} = $${i + 1}`);
    const nodes = await explain(
      `select * from public.${quoted(table.name)} where ${where.join(' and ')}`,
      Object.values(rows[0] ?? {}),
    );
    expectIndexed(nodes, first);
  });

  test('are found by the first column of it, ordered by the others, through an index', async () => {
    const order = keyNames(table).map((name) => `${quoted(name)} desc`);
    const nodes = await explain(
      `select * from public.${quoted(table.name)} where ${quoted(first)} = $1 order by ${order.join(', ')} limit 10`,
      ['k100'],
    );
    expectIndexed(nodes, first);
  });
});

test('a merged countDistinct looks only at the rows asked for', async () => {
  const nodes = await explain('select visitors from public.page_minutes where page = $1', ['k100']);
  expectIndexed(nodes, 'page');
});

/** Rows in every partition, by the columns' types; the key of each row is its own. */
function fillSql(table: TablePlan): string {
  const values = table.columns.map(({ name, type, role }) => {
    if (name.endsWith('_id') && role === 'key' && name !== keyNames(table)[0]) return `'id' || g`;
    return role === 'state' && type === 'text' ? `'[]'` : VALUE[type];
  });
  const columns = quotedList(['_partition', ...table.columns.map(({ name }) => name)]);
  return `insert into ${tableName(table)} (${columns})
    select g / 10 % ${PARTITIONS}, ${values.join(', ')} from generate_series(1, ${ROWS}) g
    on conflict do nothing`;
}

async function explain(sql: string, values: readonly unknown[]): Promise<readonly PlanNode[]> {
  const { rows } = await pool.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `explain (format json) ${sql}`,
    [...values],
  );
  const nodes = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodes)];
  const [row] = rows;
  if (row === undefined) throw new Error('no plan');
  return nodes(row['QUERY PLAN'][0].Plan);
}

/** Rows come from an index that is searched by `column`; no table is read from end to end. */
function expectIndexed(nodes: readonly PlanNode[], column: string): void {
  expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan');
  const conditions = nodes.flatMap((node) => node['Index Cond'] ?? []);
  expect(conditions.join(' ')).toContain(column);
}
