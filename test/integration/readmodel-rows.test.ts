import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ownRows, packedColumn } from '../../src/fold/rows/packed-column.ts';
import type { RowSet, TableRows } from '../../src/projection/plan/row-set.ts';
import { addConstraints } from '../../src/readmodel/add-constraints.ts';
import { copyRows } from '../../src/readmodel/copy-rows.ts';
import { countRows } from '../../src/readmodel/count-rows.ts';
import { createTable } from '../../src/readmodel/create-table.ts';
import { loadRows, loadRowsAfter } from '../../src/readmodel/load-rows.ts';
import { physicalName } from '../../src/readmodel/table-name.ts';
import type { DuplicatesAmong } from '../../src/readmodel/take-duplicates.ts';
import { takeDuplicates } from '../../src/readmodel/take-duplicates.ts';
import { upsertRows } from '../../src/readmodel/upsert-rows.ts';
import {
  KEYS,
  plan,
  print,
  printAll,
  type Row,
  rowsArbitrary,
  toRowSet,
} from '../support/random-rows.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase('file');
let client: pg.Client;

beforeAll(async () => {
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});

afterAll(async () => {
  await client.end();
});

beforeEach(async () => {
  await client.query('drop table if exists public.everything__v1, public.everything__v2');
});

/** The table as Postgres itself sees it, independent of our own decoding. */
async function dump(version: number): Promise<string[]> {
  const { rows } = await client.query<{ row: string }>(
    `select encode(record_send(t), 'hex') || t::text as row from public.everything__v${version} as t order by 1`,
  );
  return rows.map(({ row }) => row);
}

/** In a transaction of its own. */
async function inTransaction<Result>(work: () => Promise<Result>): Promise<Result> {
  await client.query('begin');
  try {
    return await work();
  } finally {
    await client.query('rollback');
  }
}

test('COPY and upsert write identical rows of every type, and loading gives the same bits', async () => {
  const second = { ...plan, version: 2 };
  await createTable(client, plan, { constraints: 'now' });
  await createTable(client, second, { constraints: 'now' });
  // Settings that would change what a session prints must not matter.
  await client.query(
    `set extra_float_digits = -10; set timezone = 'Asia/Kathmandu'; set datestyle = 'SQL, DMY'; set bytea_output = 'escape'`,
  );
  await fc.assert(
    fc.asyncProperty(
      rowsArbitrary(1),
      fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      async (rows, partition) => {
        await client.query('truncate public.everything__v1, public.everything__v2');
        const set = toRowSet(rows);
        await copyRows(client, plan, partition, set);
        await upsertRows(client, second, partition, set);
        expect(await dump(2)).toEqual(await dump(1));
        const keyColumns = plan.columns.slice(0, KEYS);
        const keys = toRowSet(
          rows.map((cells) => cells.slice(0, KEYS)),
          keyColumns,
        );
        expect(printAll(await loadRows(client, plan, partition, { keys, bound: null }))).toEqual(
          rows.map(print).sort(),
        );
        expect((await loadRows(client, plan, partition ^ 1, { keys, bound: null })).count).toBe(0);
      },
    ),
    { numRuns: 150 },
  );
  await client.query('reset all');
});

test('numbers that are still packed are written as their own columns are', async () => {
  const second = { ...plan, version: 2 };
  await createTable(client, plan, { constraints: 'now' });
  await createTable(client, second, { constraints: 'now' });
  await fc.assert(
    fc.asyncProperty(rowsArbitrary(1), async (rows) => {
      await client.query('truncate public.everything__v1, public.everything__v2');
      const set = toRowSet(rows);
      const packed = packedFrom(set);
      expect(packed.columns.filter((column) => 'rows' in column).length).toBeGreaterThan(2);
      expect(printAll(ownRows(packed))).toEqual(printAll(set));
      await copyRows(client, plan, 0, set);
      await copyRows(client, second, 0, packed);
      expect(await dump(2)).toEqual(await dump(1));
      await client.query('truncate public.everything__v2');
      await upsertRows(client, second, 0, packed);
      expect(await dump(2)).toEqual(await dump(1));
    }),
    { numRuns: 50 },
  );
});

/** The same rows, with every column packed that may be; whether there is a value lies beside it. */
function packedFrom({ count, columns }: RowSet): TableRows {
  const stride = 2 * columns.length + 1;
  const numbers = new Float64Array(count * stride);
  const rows = { numbers, stride, count };
  return {
    count,
    columns: columns.map((column, c) => {
      if (column.type === 'float8[]' && column.values.every((value) => value === null)) {
        return { type: 'float8[]', isNull: true };
      }
      const isSafe = column.type === 'int8' && column.exact === null;
      if (column.type !== 'float8' && column.type !== 'timestamptz' && !isSafe) return column;
      for (let i = 0; i < count; i += 1) {
        numbers[i * stride + 2 * c] = column.values[i] as number;
        numbers[i * stride + 2 * c + 1] = column.present?.[i] === 0 ? Number.NaN : 1;
      }
      return packedColumn(column.type, rows, 2 * c, { at: 2 * c + 1, is: Number.NaN });
    }),
  };
}

test('what is stored is what was meant, as Postgres prints it', async () => {
  await createTable(client, plan, { constraints: 'now' });
  const moment = Date.UTC(2026, 1, 3, 4, 5, 6, 789);
  await copyRows(
    client,
    plan,
    7,
    toRowSet([
      [
        'k',
        -5n,
        moment,
        20_000,
        'é',
        true,
        -3,
        2n ** 62n,
        -0.1,
        -(10n ** 30n),
        -12_345n,
        -1,
        0,
        Buffer.from([0, 255]),
        [0.5, -0, NaN],
      ],
    ]),
  );
  const { rows } = await client
    .query(
      `set timezone = 'UTC'; select _partition || '|' || key_int8 || '|' || key_time || '|' || key_day || '|' || a_text || '|' || a_boolean || '|' || an_int4
       || '|' || an_int8 || '|' || a_float8 || '|' || an_integer || '|' || a_decimal || '|' || a_date || '|' || a_time || '|' || a_bytea || '|' || _doubles::text as row
     from public.everything__v1`,
    )
    .then(
      (results) => (results as unknown as pg.QueryResult[])[1] as pg.QueryResult<{ row: string }>,
    );
  expect(rows[0]?.row).toBe(
    '7|-5|2026-02-03 04:05:06.789+00|2024-10-04|é|true|-3|4611686018427387904|-0.1|-1000000000000000000000000000000|-12.345|1969-12-31|1970-01-01 00:00:00+00|\\x00ff|{0.5,-0,NaN}',
  );
});

test('upsert replaces all columns but the key, and only of its own partition', async () => {
  await createTable(client, plan, { constraints: 'now' });
  await fc.assert(
    fc.asyncProperty(rowsArbitrary(2), async (rows) => {
      await client.query('truncate public.everything__v1');
      const half = Math.ceil(rows.length / 2);
      const [before, after] = [rows.slice(0, half), rows.slice(half)];
      const changed = before.map((cells, i) => [
        ...cells.slice(0, KEYS),
        ...(after[i % after.length] as Row).slice(KEYS),
      ]);
      await upsertRows(client, plan, 0, toRowSet(before));
      await upsertRows(client, plan, 1, toRowSet(before));
      await upsertRows(client, plan, 0, toRowSet([...changed, ...after]));
      const all = { partition: 0, column: 'key_time', afterMs: -210_866_803_200_000 };
      const [zero, one] = await inTransaction(async () => [
        await loadRowsAfter(client, plan, all),
        await loadRowsAfter(client, plan, { ...all, partition: 1 }),
      ]);
      expect(printAll(zero)).toEqual([...changed, ...after].map(print).sort());
      expect(printAll(one)).toEqual(before.map(print).sort());
    }),
    { numRuns: 40 },
  );
});

test('rows after a moment exclude the moment itself', async () => {
  await createTable(client, plan, { constraints: 'now' });
  const rest = Array<null>(plan.columns.length - KEYS).fill(null);
  const moments = [1_700_000_000_122, 1_700_000_000_123, 1_700_000_000_124, 9_000_000_000_000];
  await copyRows(client, plan, 3, toRowSet(moments.map((ms) => ['k', 1n, ms, 0, ...rest])));
  const loaded = await inTransaction(() =>
    loadRowsAfter(client, plan, { partition: 3, column: 'key_time', afterMs: 1_700_000_000_123 }),
  );
  expect(loaded.count).toBe(2);
  expect(
    [...(loaded.columns[2]?.values.slice(0, 2) ?? [])].map(Number).sort((a, b) => a - b),
  ).toEqual([1_700_000_000_124, 9_000_000_000_000]);
});

test('more rows than one statement, one COPY piece or one fetch holds arrive whole', async () => {
  // Without the index: its entries must fit a page.
  await createTable(client, { ...plan, indexes: [] }, { constraints: 'now' });
  const count = 45_001;
  const rest = Array<null>(plan.columns.length - KEYS - 1).fill(null);
  const rows = Array.from(
    { length: count },
    (_, i): Row => [`u${i}`, BigInt(i), i, i, i % 3 === 0 ? null : 'x'.repeat(i % 90), ...rest],
  );
  const set = toRowSet([...rows, ['long', 0n, 0, 0, 'y'.repeat(3_000_000), ...rest]]);
  await copyRows(client, plan, 0, set);
  await upsertRows(client, plan, 1, set);
  const keys: RowSet = { count: set.count, columns: set.columns.slice(0, KEYS) };
  const expected = printAll(set);
  expect(printAll(await loadRows(client, plan, 0, { keys, bound: null }))).toEqual(expected);
  const other = await inTransaction(() =>
    loadRowsAfter(client, plan, { partition: 1, column: 'key_time', afterMs: -1 }),
  );
  expect(printAll(other)).toEqual(expected);
});

test.each<DuplicatesAmong>(['transactions', 'all rows'])(
  'duplicates among %s are taken out in slices of whole keys, and then no longer in the way of the primary key',
  async (among) => {
    await createTable(client, plan, { constraints: 'later' });
    await fc.assert(
      fc.asyncProperty(rowsArbitrary(3), async (rows) => {
        await client.query('truncate public.everything__v1');
        const twice = rows.filter((_, i) => i % 3 === 0);
        await copyRows(client, plan, 0, toRowSet(rows));
        await copyRows(client, plan, 0, toRowSet(twice));
        await copyRows(client, plan, 1, toRowSet(twice));
        await copyRows(client, plan, 2, toRowSet(twice));
        await copyRows(client, plan, 2, toRowSet(twice));
        await inTransaction(async () => {
          expect(await addConstraints(client, plan)).toBe('duplicates');
          // Rows that are put back while slices are taken do not turn up among them.
          const slices = await slicesOf(among, twice.slice(0, 1));
          const taken = [...twice, ...twice].map(print);
          const of = (wanted: number) =>
            slices.flatMap(({ partition, printed }) => (partition === wanted ? printed : []));
          expect(of(0).sort()).toEqual(taken.sort());
          expect(of(2).sort()).toEqual(taken.sort());
          expect(of(1)).toEqual([]);
          for (const { printed } of slices) {
            expect(printed.length % 2).toBe(0);
            expect(printed.length).toBeLessThanOrEqual(4);
          }
          expect(await slicesOf(among)).toEqual([]);
          expect(await countRows(client, plan)).toBe(BigInt(rows.length + 1));
          expect(await addConstraints(client, plan)).toBe('added');
          const { rows: indexes } = await client.query<{ definition: string }>(
            `select pg_get_indexdef(indexrelid) as definition from pg_index where indrelid = $1::regclass order by indisprimary desc`,
            [`public.${physicalName(plan)}`],
          );
          expect(indexes.map(({ definition }) => /\(.*\)/.exec(definition)?.[0])).toEqual([
            '("Key ""text""", key_int8, key_time, key_day, _partition)',
            '(key_time, a_text)',
          ]);
        });
      }),
      { numRuns: 15 },
    );
  },
);

test('duplicates that one transaction wrote are found among all rows only, those that two wrote at one time among transactions', async () => {
  await createTable(client, plan, { constraints: 'later' });
  const rest = Array<null>(plan.columns.length - KEYS).fill(null);
  const at = (timeMs: number): Row => ['k', 1n, timeMs, 0, ...rest];
  for (const times of [[1, 1, 2], [2, 3], [4, 4], [4]]) {
    await copyRows(client, plan, 0, toRowSet(times.map(at)));
  }
  const taken = (times: readonly number[]) => times.map((timeMs) => print(at(timeMs)));
  await inTransaction(async () => {
    const found = await slicesOf('transactions');
    expect(found.flatMap(({ printed }) => printed).sort()).toEqual(taken([2, 2, 4, 4, 4]).sort());
  });
  await client.query('delete from public.everything__v1 where key_time > $1', [new Date(1)]);
  await inTransaction(async () => {
    expect(await slicesOf('transactions')).toEqual([]);
    const found = await slicesOf('all rows');
    expect(found.flatMap(({ printed }) => printed)).toEqual(taken([1, 1]));
  });
});

/**
 * Takes out the duplicates, about three rows at a time; `back` is added to the table after the
 * first slice.
 */
async function slicesOf(among: DuplicatesAmong, back: readonly Row[] = []) {
  const slices: { readonly partition: number; readonly printed: string[] }[] = [];
  for await (const { partition, rows } of takeDuplicates(client, plan, among, 3)) {
    if (slices.length === 0) await copyRows(client, plan, partition, toRowSet(back));
    slices.push({ partition, printed: printAll(rows) });
  }
  return slices;
}

test('COPY of a row that Postgres refuses rejects, and the connection goes on', async () => {
  await createTable(client, plan, { constraints: 'now' });
  const rest = Array<null>(plan.columns.length - KEYS).fill(null);
  const twice = toRowSet([
    ['k', 1n, 0, 0, ...rest],
    ['k', 1n, 0, 0, ...rest],
  ]);
  await expect(copyRows(client, plan, 0, twice)).rejects.toMatchObject({ code: '23505' });
  const future = toRowSet([['k', 1n, 1e16, 0, ...rest]]);
  await expect(copyRows(client, plan, 0, future)).rejects.toMatchObject({ code: '22008' });
  expect(await countRows(client, plan)).toBe(0n);
});

test('a RowSet that does not fit its plan is refused before anything is sent, and the connection goes on', async () => {
  await createTable(client, plan, { constraints: 'now' });
  const set = toRowSet([['k', 1n, 0, 0, ...Array<null>(plan.columns.length - KEYS).fill(null)]]);
  const wide: RowSet = { count: 1, columns: [...set.columns, ...set.columns] };
  await expect(copyRows(client, plan, 0, wide)).rejects.toThrow('more columns than its plan has');
  expect(await countRows(client, plan)).toBe(0n);
});
