import fc from 'fast-check';
import type { Knex } from 'knex';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Decimal } from '../../src/event/decimal.ts';
import { defineAvroEvent } from '../../src/event/define-avro-event.ts';
import { inTransaction } from '../../src/postgres/in-transaction.ts';
import {
  avg,
  collect,
  count,
  countDistinct,
  first,
  last,
  max,
  min,
  quantile,
  stddev,
  sum,
  topK,
  variance,
} from '../../src/projection/declare/aggregates.ts';
import { tumbling } from '../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../src/projection/declare/windowed-projection.ts';
import { DeclaredProjections } from '../../src/projection/plan/declared-projections.ts';
import { createTable } from '../../src/readmodel/create-table.ts';
import { createKnex, createPool } from '../../src/readmodel/pool.ts';
import { createReadModels } from '../../src/readmodel/read-models.ts';
import { swapView } from '../../src/readmodel/swap-view.ts';
import { upsertRows } from '../../src/readmodel/upsert-rows.ts';
import { scenario } from '../../src/testing/scenario.ts';
import { printed } from '../support/scenario-laws.ts';
import { useDatabase } from '../support/test-database.ts';

interface Sale {
  readonly user: string;
  readonly shop: string;
  readonly item: string | null;
  readonly price: Decimal | null;
  readonly weight: number | null;
  readonly units: bigint | null;
  readonly gift: boolean | null;
  readonly day: string | null;
  readonly at: Date;
}

const optional = (type: unknown) => ['null', type];

const Sale = defineAvroEvent<Sale>({
  name: 'Sale',
  topic: 'sales',
  key: 'user',
  time: 'at',
  fields: [
    { name: 'user', type: { kind: 'string' }, nullable: false },
    { name: 'shop', type: { kind: 'string' }, nullable: false },
    { name: 'item', type: { kind: 'string' }, nullable: true },
    { name: 'price', type: { kind: 'decimal', precision: 12, scale: 2 }, nullable: true },
    { name: 'weight', type: { kind: 'double' }, nullable: true },
    { name: 'units', type: { kind: 'long' }, nullable: true },
    { name: 'gift', type: { kind: 'boolean' }, nullable: true },
    { name: 'day', type: { kind: 'date' }, nullable: true },
    { name: 'at', type: { kind: 'timestamp-millis' }, nullable: false },
  ],
  schema: JSON.stringify({
    type: 'record',
    name: 'Sale',
    fields: [
      { name: 'user', type: 'string' },
      { name: 'shop', type: 'string' },
      { name: 'item', type: optional('string') },
      {
        name: 'price',
        type: optional({ type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 }),
      },
      { name: 'weight', type: optional('double') },
      { name: 'units', type: optional('long') },
      { name: 'gift', type: optional('boolean') },
      { name: 'day', type: optional({ type: 'int', logicalType: 'date' }) },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    ],
  }),
});

/** Every aggregate that a view can merge, by a key that leaves out the record key. */
class SalesByShop extends WindowedProjection {
  readonly name = 'sales_by_shop';
  readonly version = 1;
  define() {
    return this.from(Sale)
      .key('shop')
      .window(tumbling(100))
      .measure({
        n: count(),
        gifts: count({ where: { gift: true } }),
        units: sum('units'),
        weight: sum('weight'),
        revenue: sum('price'),
        meanUnits: avg('units'),
        meanWeight: avg('weight'),
        meanPrice: avg('price'),
        lightest: min('weight'),
        dearest: max('price'),
        least: min('units'),
        firstItem: first('item'),
        lastPrice: last('price'),
        lastGift: last('gift'),
        lastDay: last('day'),
        fewItems: countDistinct('item', { exactUpTo: 2 }),
        items: countDistinct('item'),
        prices: countDistinct('price', { exactUpTo: 3 }),
        top: topK('item', 2, { distinctUpTo: 3 }),
        topPrices: topK('price', 3),
        topDays: topK('day', 2),
        topGifts: topK('gift', 2),
        early: collect('item', 3),
        earlyPrices: collect('price', 2),
        median: quantile('weight', 0.5),
        tail: quantile('units', 0.9),
        spread: variance('weight'),
        deviation: stddev('price'),
      });
  }
}

const word = fc.constantFrom('a', 'b', 'ü', 'dd', 'Z', '"quoted"', '\u{1f600}', '');
const sale = fc.record({
  partition: fc.integer({ min: 0, max: 2 }),
  user: fc.constantFrom('u', 'v', 'w'),
  shop: fc.constantFrom('north', 'south'),
  item: fc.option(fc.oneof(word, fc.string({ unit: 'grapheme', maxLength: 30 }))),
  cents: fc.option(fc.oneof(fc.integer({ min: -500, max: 500 }), fc.constant(-1))),
  weight: fc.option(
    fc.oneof(
      fc.constantFrom(0.1, 1e17, -1e-9, 2 ** 80, -(2 ** 80), 0, -0, 5e-324, -5e-324, 3, 1.7e308),
      fc.double(),
    ),
  ),
  units: fc.option(fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-5n, 5n))),
  gift: fc.option(fc.boolean()),
  day: fc.option(fc.constantFrom('2026-11-23', '1969-12-31', '0004-02-29')),
  at: fc.integer({ min: 0, max: 250 }).map((ms) => new Date(ms)),
});

const database = useDatabase('file');
let pool: pg.Pool;
let knex: Knex;

beforeAll(async () => {
  pool = createPool({ url: database.url });
  knex = createKnex({ url: database.url });
});

afterAll(async () => {
  await knex.destroy();
  await pool.end();
});

test('a view merges the rows of several partitions as the fold does, bit for bit', async () => {
  const { plan } = scenario(new SalesByShop());
  const declared = new DeclaredProjections([SalesByShop], [plan]);
  const readModels = createReadModels({ knex, pool, declared });
  await inTransaction(pool, async (client) => {
    await createTable(client, plan.table, { constraints: 'now' });
    await swapView(client, plan.table);
  });
  await fc.assert(
    fc.asyncProperty(fc.array(sale, { maxLength: 40 }), async (sales) => {
      const s = scenario(new SalesByShop(), { partitions: 3 });
      for (const { partition, cents, ...rest } of sales) {
        const price = cents === null ? null : new Decimal(BigInt(cents), 2);
        s.publish(Sale, { ...rest, price }, { partition, timestamp: 300 });
      }
      await inTransaction(pool, async (client) => {
        await client.query('truncate public.sales_by_shop__v1');
        for (const [partition, rows] of s.storedRows(plan.table).entries()) {
          await upsertRows(client, plan.table, partition, rows);
        }
      });
      const rows = await readModels.query(SalesByShop);
      expect(printed(rows)).toEqual(printed(s.rows()));
    }),
    { numRuns: 150 * Number(process.env['REPRISE_TEST_RUNS'] ?? 1) },
  );
});

test('a view estimates over partitions of thousands of values as the fold does', async () => {
  const s = scenario(new SalesByShop(), { partitions: 3 });
  const declared = new DeclaredProjections([SalesByShop], [s.plan]);
  const readModels = createReadModels({ knex, pool, declared });
  for (let i = 0; i < 3_600; i += 1) {
    // Two partitions know too many items to list, the third lists what it has.
    const partition = i < 1_500 ? 0 : i < 3_000 ? 1 : 2;
    const item = `item ${i % 3_000}`;
    const sold = { user: 'u', shop: 'north', item, weight: 1, units: 1n, gift: null, day: null };
    s.publish(Sale, { ...sold, price: null, at: new Date(0) }, { partition, timestamp: 300 });
  }
  await inTransaction(pool, async (client) => {
    await client.query('truncate public.sales_by_shop__v1');
    for (const [partition, rows] of s.storedRows(s.plan.table).entries()) {
      await upsertRows(client, s.plan.table, partition, rows);
    }
  });
  const [row] = await readModels.query(SalesByShop);
  const [expected] = s.rows();
  expect(row?.items).toBeGreaterThan(2_850n);
  expect(row?.items).toBe(expected?.['items']);
  expect(row?.items_exact).toBe(false);
});
