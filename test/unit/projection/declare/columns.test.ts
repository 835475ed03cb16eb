import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Decimal } from '../../../../src/event/decimal.ts';
import {
  bigint,
  boolean,
  type Column,
  columns,
  date,
  decimal,
  double,
  int,
  json,
  type RowOfColumns,
  type SqlRowOfColumns,
  text,
  timestamp,
} from '../../../../src/projection/declare/columns.ts';

const declared = columns({
  accountId: text().primaryKey(),
  visits: int(),
  lastOffset: bigint(),
  meanScore: double(),
  balance: decimal(18, 2),
  isOpen: boolean(),
  openedAt: timestamp(),
  closedAt: timestamp().nullable(),
  birthDay: date(),
  tags: json<readonly string[]>(),
});

describe('columns', () => {
  it('gives each declaration its Postgres type', () => {
    const types = Object.values(declared).map((column) => column.type);
    expect(types).toEqual([
      'text',
      'int4',
      'int8',
      'float8',
      'numeric',
      'boolean',
      'timestamptz',
      'timestamptz',
      'date',
      'jsonb',
    ]);
  });

  it('keeps the order of the declaration', () => {
    expect(Object.keys(columns({ second: text(), first: int() }))).toEqual(['second', 'first']);
  });

  it('carries precision and scale on decimals only', () => {
    expect(declared.balance).toMatchObject({ precision: 18, scale: 2 });
    for (const [name, column] of Object.entries(declared)) {
      if (name === 'balance') continue;
      expect(column).not.toHaveProperty('precision');
      expect(column).not.toHaveProperty('scale');
    }
  });

  it('is neither nullable nor a key unless it says so', () => {
    expect(text()).toMatchObject({ isNullable: false, isPrimaryKey: false });
    expect(text().nullable()).toMatchObject({ isNullable: true, isPrimaryKey: false });
    expect(text().primaryKey()).toMatchObject({ isNullable: false, isPrimaryKey: true });
  });

  it('makes a nullable column that becomes a key refuse null', () => {
    expect(text().nullable().primaryKey()).toMatchObject({ isNullable: false, isPrimaryKey: true });
  });

  it('keeps type, precision and scale along the chain', () => {
    expect(decimal(9, 4).nullable()).toMatchObject({ type: 'numeric', precision: 9, scale: 4 });
    expect(decimal(9, 4).primaryKey()).toMatchObject({ type: 'numeric', precision: 9, scale: 4 });
  });

  it('leaves the declaration it was chained from as it was', () => {
    const plain = text();
    plain.nullable();
    plain.primaryKey();
    expect(plain).toMatchObject({ isNullable: false, isPrimaryKey: false });
  });

  it('takes a scale from 0 up to the precision', () => {
    expect(decimal(18, 0)).toMatchObject({ precision: 18, scale: 0 });
    expect(decimal(4, 4)).toMatchObject({ precision: 4, scale: 4 });
  });

  it('gives decimals without fraction digits as bigint', () => {
    expectTypeOf(decimal(18, 0)).toEqualTypeOf<Column<bigint>>();
    expectTypeOf(decimal(18, 2)).toEqualTypeOf<Column<Decimal>>();
    expectTypeOf(decimal(18, 2 as number)).toEqualTypeOf<Column<Decimal | bigint>>();
  });

  it('types rows by the names declared', () => {
    expectTypeOf<RowOfColumns<typeof declared>>().toEqualTypeOf<{
      readonly accountId: string;
      readonly visits: number;
      readonly lastOffset: bigint;
      readonly meanScore: number;
      readonly balance: Decimal;
      readonly isOpen: boolean;
      readonly openedAt: Date;
      readonly closedAt: Date | null;
      readonly birthDay: string;
      readonly tags: readonly string[];
    }>();
  });

  it('types SQL rows by snake_case names', () => {
    expectTypeOf<keyof SqlRowOfColumns<typeof declared>>().toEqualTypeOf<
      | 'account_id'
      | 'visits'
      | 'last_offset'
      | 'mean_score'
      | 'balance'
      | 'is_open'
      | 'opened_at'
      | 'closed_at'
      | 'birth_day'
      | 'tags'
    >();
    expectTypeOf<SqlRowOfColumns<typeof declared>['closed_at']>().toEqualTypeOf<Date | null>();
    expectTypeOf<SqlRowOfColumns<typeof declared>['account_id']>().toEqualTypeOf<string>();
  });
});
