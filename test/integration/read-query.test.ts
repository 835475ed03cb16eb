import { afterAll, beforeAll, expect, test } from 'vitest';
import { AccountOpened } from '../../schemas/index.ts';
import {
  bigint,
  columns,
  Decimal,
  decimal,
  json,
  type ReadModels,
  TableProjection,
  text,
  timestamp,
} from '../../src/index.ts';
import { DeclaredProjections } from '../../src/projection/plan/declared-projections.ts';
import type { Plan } from '../../src/projection/plan/plan.ts';
import { createKnex, createPool } from '../../src/readmodel/pool.ts';
import { createReadModels } from '../../src/readmodel/read-models.ts';
import { useDatabase } from '../support/test-database.ts';

class Purses extends TableProjection {
  readonly name = 'purses';
  readonly version = 1;
  define() {
    const row = columns({
      owner: text().primaryKey(),
      coins: bigint(),
      amount: decimal(18, 2).nullable(),
      seenAt: timestamp(),
      notes: json<readonly string[]>(),
    });
    return this.table(row)
      .key('accountId')
      .on(AccountOpened, () => null);
  }
}

const database = useDatabase('file');
let pool: ReturnType<typeof createPool>;
let knex: ReturnType<typeof createKnex>;
let readModels: ReadModels;

beforeAll(async () => {
  pool = createPool({ url: database.url });
  knex = createKnex({ url: database.url });
  const declared = new DeclaredProjections([Purses], [{ name: 'purses' } as Plan]);
  readModels = createReadModels({ knex, pool, declared });
  await pool.query(`
    create view public.purses as
    select * from (values
      ('ann', 9007199254740993::int8, 12.50::numeric(18,2), timestamptz '2026-01-01 00:00Z', '["a"]'::jsonb),
      ('bob', 2, 7.25, '2026-02-01 00:00Z', '[]'),
      ('cy', 3, null, '2026-03-01 00:00Z', '[]')
    ) as v (owner, coins, amount, seen_at, notes)`);
});

afterAll(async () => {
  await knex.destroy();
  await pool.end();
});

const owners = (rows: readonly { readonly owner: string }[]) => rows.map(({ owner }) => owner);
const purses = () => readModels.query(Purses).orderBy('owner');

test('where compares values of every type of column', async () => {
  expect(owners(await purses().where('owner', 'bob'))).toEqual(['bob']);
  expect(owners(await purses().where('coins', 9007199254740993n))).toEqual(['ann']);
  expect(owners(await purses().where('coins', '<', 3))).toEqual(['bob']);
  expect(owners(await purses().where('amount', Decimal.fromString('12.5')))).toEqual(['ann']);
  expect(owners(await purses().where('amount', '<=', Decimal.fromString('7.25')))).toEqual(['bob']);
  expect(owners(await purses().where('amount', null))).toEqual(['cy']);
  expect(owners(await purses().where('seen_at', '>', new Date('2026-01-15')))).toEqual([
    'bob',
    'cy',
  ]);
  expect(owners(await purses().where('owner', 'like', '%n%'))).toEqual(['ann']);
  expect(owners(await purses().where({ owner: 'cy', amount: null }))).toEqual(['cy']);
  const amounts = ['7.25', '12.50'].map((each) => Decimal.fromString(each));
  expect(owners(await purses().whereIn('amount', amounts))).toEqual(['ann', 'bob']);
  expect(owners(await purses().whereNull('amount'))).toEqual(['cy']);
  expect(owners(await purses().whereNotNull('amount'))).toEqual(['ann', 'bob']);
});

test('select, orderBy, limit and offset choose columns and rows', async () => {
  const query = readModels.query(Purses);
  expect(await query.select('owner', 'notes').select('amount').where('owner', 'ann')).toEqual([
    { owner: 'ann', notes: ['a'], amount: Decimal.fromString('12.50') },
  ]);
  const byAmount = readModels.query(Purses).orderBy('amount', 'desc', 'last');
  expect(owners(await byAmount)).toEqual(['ann', 'bob', 'cy']);
  expect(owners(await byAmount.offset(1).limit(1))).toEqual(['bob']);
});

test('first gives one row, or undefined', async () => {
  expect(await purses().select('coins').first()).toEqual({ coins: 9007199254740993n });
  expect(await purses().where('owner', 'nobody').first()).toBeUndefined();
});

test('modify hands the builder of knex over', async () => {
  const [sums] = await readModels
    .query(Purses)
    .where('coins', '<', 10)
    .modify<{ coins: bigint }>((builder) => builder.sum('coins as coins'));
  expect(sums).toEqual({ coins: 5n });
});
