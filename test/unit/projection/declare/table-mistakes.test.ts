import { describe, expect, it } from 'vitest';
import { compileProjection } from '../../../../src/projection/compile/compile-projection.ts';
import {
  columns,
  decimal,
  double,
  int,
  json,
  text,
  timestamp,
} from '../../../../src/projection/declare/columns.ts';
import { Acted, type Define, expectMistake, type Mistake, type Step, table } from './mistaken.ts';

const reduce = () => null;
const kept = columns({ userId: text().primaryKey(), times: int() });
type Table = Step['key'];

/** A projection of these columns that is otherwise in order. */
const of = (...given: readonly unknown[]): Define => {
  return (_, own) =>
    own(...given)
      .key('userId')
      .on(Acted, reduce);
};
const keyed = (own: Table, of: unknown = kept) => own(of).key('userId');
const filled = (own: Table) => keyed(own).on(Acted, reduce);

const ofColumns: readonly Mistake[] = [
  ['no columns', of(), /^Accounts \.table\(…\): its columns are undefined; write columns/],
  ['columns of nothing', of({}), /^Accounts \.table\(…\): declares no column/],
  [
    'a column that is none',
    of({ userId: text().primaryKey(), x: 'text' }),
    /^Accounts \.table\(…\): "x" is no column; write text\(\)/,
  ],
  [
    'a column that was not called',
    of({ userId: text().primaryKey(), x: text }),
    /^Accounts \.table\(…\): "x" is no column/,
  ],
  [
    'no key',
    of({ userId: text() }),
    /^Accounts \.table\(…\): has no primary key; mark its columns/,
  ],
  [
    'a nullable key',
    of({ userId: (text().primaryKey() as unknown as { nullable(): unknown }).nullable() }),
    /^Accounts \.table\(…\): "userId" is part of the primary key and nullable/,
  ],
  [
    'a key of doubles',
    of({ userId: double().primaryKey() }),
    /^Accounts \.table\(…\): "userId" is float8; a primary key is made of/,
  ],
  [
    'a key of JSON',
    of({ userId: json().primaryKey() }),
    /^Accounts \.table\(…\): "userId" is jsonb; a primary key/,
  ],
  [
    'a key of decimals',
    of({ userId: decimal(4, 2).primaryKey() }),
    /^Accounts \.table\(…\): "userId" is numeric; a primary key/,
  ],
  ...(
    [
      [0, 0],
      [4, -1],
      [4.5, 2],
      [4, 1.5],
      [Number.NaN, 0],
    ] as const
  ).map(
    ([precision, scale]): Mistake => [
      `decimal(${precision}, ${scale})`,
      of({ userId: text().primaryKey(), x: decimal(precision, scale) }),
      /^Accounts \.table\(…\): "x" is declared as decimal\(.*\); it takes whole numbers/,
    ],
  ),
  [
    'decimal(4, 5)',
    of({ userId: text().primaryKey(), x: decimal(4, 5) }),
    /^Accounts \.table\(…\): "x" is declared as decimal\(4, 5\), whose scale is larger/,
  ],
  [
    'decimal(1001, 2)',
    of({ userId: text().primaryKey(), x: decimal(1001, 2) }),
    /^Accounts \.table\(…\): "x" is declared as decimal\(1001, 2\); Postgres has at most 1000/,
  ],
  [
    'a hidden name',
    of({ userId: text().primaryKey(), _x: int() }),
    /^Accounts \.table\(…\): the column "_x" of "_x" is reserved/,
  ],
  [
    'the partition',
    of({ userId: text().primaryKey(), _partition: int() }),
    /^Accounts \.table\(…\): the column "_partition" of "_partition" is reserved/,
  ],
  [
    'a system column',
    of({ userId: text().primaryKey(), ctid: int() }),
    /^Accounts \.table\(…\): the column "ctid" of "ctid" is a system column/,
  ],
  [
    'a name of 64 bytes',
    of({ userId: text().primaryKey(), ['x'.repeat(64)]: int() }),
    /^Accounts \.table\(…\): the column "x+" of "x+" is 64 bytes long/,
  ],
  [
    'a name that is no identifier',
    of({ userId: text().primaryKey(), 'a-b': int() }),
    /^Accounts \.table\(…\): the column "a-b" of "a-b" may hold only/,
  ],
  [
    'two columns of one name',
    of({ userId: text().primaryKey(), user_id: int() }),
    /^Accounts \.table\(…\): the column "user_id" of "user_id" is there already/,
  ],
  [
    'a key of 32 columns',
    of(Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`c${i}`, text().primaryKey()]))),
    /^Accounts \.table\(…\): makes a primary key of 32 columns; Postgres allows 32 with/,
  ],
];

const ofOptions: readonly Mistake[] = [
  [
    'a negative drift',
    of(kept, { maxDrift: -1 }),
    /^Accounts \.table\(…\): maxDrift must not be negative; it is -1/,
  ],
  [
    'a drift that is none',
    of(kept, { maxDrift: 'an hour' }),
    /^Accounts \.table\(…\): maxDrift: "an hour" is not a duration/,
  ],
  [
    'lateness, which tables have not',
    of(kept, { lateness: '1 minute' }),
    /^Accounts \.table\(…\): there is no option "lateness"; there are maxDrift, onePartition/,
  ],
  [
    'an option that is no choice',
    of(kept, { onePartition: 'yes' }),
    /^Accounts \.table\(…\): onePartition is true or false, not "yes"/,
  ],
];

const users = columns({ userId: text().primaryKey(), name: text() });

const ofTables: readonly Mistake[] = [
  [
    'a name in capitals',
    (_, own) => filled(own).table('Users', users).key('userId').on(Acted, reduce),
    /^Accounts \.table\("Users", …\): "metrics_Users" may hold only/,
  ],
  [
    'no name',
    (_, own) => filled(own).table('', users).key('userId').on(Acted, reduce),
    /^Accounts \.table\("", …\): needs a name/,
  ],
  [
    'a name that is too long',
    (_, own) => filled(own).table('u'.repeat(52), users).key('userId').on(Acted, reduce),
    /^Accounts \.table\("u+", …\): "metrics_u+" is 64 bytes long with __v1/,
  ],
  [
    'the name of the primary key',
    (_, own) => filled(own).table('key', users).key('userId').on(Acted, reduce),
    /^Accounts \.table\("key", …\): "key" is what handlers know the primary key by/,
  ],
  [
    'one table twice',
    (_, own) =>
      filled(own)
        .table('users', users)
        .key('userId')
        .on(Acted, reduce)
        .table('users', users)
        .key('userId')
        .on(Acted, reduce),
    /^Accounts \.table\("users", …\): is declared twice/,
  ],
  [
    'a second table without a key',
    (_, own) => filled(own).table('users', { name: text() }).key('userId').on(Acted, reduce),
    /^Accounts \.table\("users", …\): has no primary key/,
  ],
  [
    'a second table without columns',
    (_, own) => filled(own).table('users').key('userId').on(Acted, reduce),
    /^Accounts \.table\("users", …\): its columns are undefined/,
  ],
  [
    'a second table without a handler',
    (_, own) => filled(own).table('users', users).key('userId'),
    /^Accounts \.table\("users", …\): has no \.on\(…\), so it would stay empty/,
  ],
  [
    'a read model without a handler',
    (_, own) => own(kept).table('users', users).key('userId').on(Acted, reduce),
    /^Accounts \.table\(…\): has no \.on\(…\), so it would stay empty/,
  ],
  [
    'a second table whose handler has no key',
    (_, own) => filled(own).table('users', users).on(Acted, reduce),
    /^Accounts \.on\(Acted, …\): has no key/,
  ],
  [
    'a second table with an unknown index',
    (_, own) => filled(own).table('users', users).key('userId').on(Acted, reduce).index('nme'),
    /^Accounts \.table\("users", …\) \.index\(…\): there is no column "nme"; there are user_id, name/,
  ],
];

describe('a mistake in a table projection names class, step and field', () => {
  it.each(ofColumns)('a column: %s', (_, define, message) => expectMistake(table(define), message));
  it.each(ofOptions)('options: %s', (_, define, message) => expectMistake(table(define), message));
  it.each(ofTables)('another table: %s', (_, define, message) =>
    expectMistake(table(define), message),
  );
});

describe('what looks like a mistake and is none', () => {
  it('keys without the record key where there is but one partition', () => {
    const one = table((_, own) =>
      own(kept, { onePartition: true }).key('action').on(Acted, reduce),
    );
    expect(compileProjection(one)).toMatchObject({ onePartition: true });
  });

  it('two handlers of one event, an instant as key, a whole decimal', () => {
    const fine = table((_, own) =>
      own(columns({ userId: text().primaryKey(), at: timestamp().primaryKey(), n: decimal(20, 0) }))
        .key('userId', 'at')
        .on(Acted, reduce)
        .on(Acted, { keys: () => [] }, reduce),
    );
    expect(compileProjection(fine)).toMatchObject({ handlers: [{}, {}] });
  });
});
