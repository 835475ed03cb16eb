import { describe, it } from 'vitest';
import { columns, int, text } from '../../../../src/projection/declare/columns.ts';
import { Acted, expectMistake, type Mistake, Paid, type Step, table, Unkeyed } from './mistaken.ts';

const reduce = () => null;
const kept = columns({ userId: text().primaryKey(), times: int() });
const days = columns({ userId: text().primaryKey(), day: text().primaryKey(), times: int() });
type Table = Step['key'];

const keyed = (own: Table, of: unknown = kept) => own(of).key('userId');
const filled = (own: Table) => keyed(own).on(Acted, reduce);

const users = columns({ userId: text().primaryKey(), name: text() });
const others = (own: Table, ...fields: readonly string[]) =>
  own(kept)
    .table('users', users)
    .key('userId')
    .on(Acted, reduce)
    .main()
    .lookup('users', ...fields)
    .key('userId')
    .on(Acted, reduce);

const ofHandlers: readonly Mistake[] = [
  ['none', (_, own) => keyed(own), /^Accounts \.on\(…\): is missing: no event makes a row/],
  [
    'of no event',
    (_, own) => keyed(own).on(undefined, reduce),
    /^Accounts \.on\(…\): is given undefined instead of an event/,
  ],
  [
    'without a reducer',
    (_, own) => keyed(own).on(Acted),
    /^Accounts \.on\(Acted, …\): the reducer is undefined, not a function/,
  ],
  [
    'with an async reducer',
    (_, own) => keyed(own).on(Acted, async () => null),
    /^Accounts \.on\(Acted, …\): the reducer is async/,
  ],
  [
    'without a key',
    (_, own) => own(kept).on(Acted, reduce),
    /^Accounts \.on\(Acted, …\): has no key; call \.key\(…\) or \.keys\(…\)/,
  ],
  [
    'with a key of no fields',
    (_, own) => own(kept).key().on(Acted, reduce),
    /^Accounts \.on\(Acted, …\): has no key/,
  ],
  [
    'with a misspelt key',
    (_, own) => own(kept).on(Acted, { ky: 'userId' }, reduce),
    /^Accounts \.on\(Acted, …\): has no key/,
  ],
  [
    'with no key of its own',
    (_, own) => own(kept).on(Acted, undefined, reduce),
    /^Accounts \.on\(Acted, …\): has no key/,
  ],
  [
    'by an unknown field',
    (_, own) => own(days).key('userId', 'dya').on(Acted, reduce),
    /^Accounts \.on\(Acted, …\): Acted has no field "dya"/,
  ],
  [
    'by fewer fields than the key has',
    (_, own) => own(days).key('userId').on(Acted, reduce),
    /^Accounts \.on\(Acted, …\): names 1 key fields \(userId\); the primary key of metrics is \(userId, day\)/,
  ],
  [
    'by a field of another type',
    (_, own) => own(days).key('userId', 'value').on(Acted, reduce),
    /^Accounts \.on\(Acted, …\): "value" is a double, and the key column "day" of metrics is text/,
  ],
  [
    'by keys that are no function',
    (_, own) => own(kept).keys('userId').on(Acted, reduce),
    /^Accounts \.on\(Acted, …\): what gives its keys is a string, not a function/,
  ],
  [
    'by an async function',
    (_, own) => own(kept).on(Acted, { keys: async () => [] }, reduce),
    /^Accounts \.on\(Acted, …\): what gives its keys is async/,
  ],
  [
    'by a key without the record key',
    (_, own) => own(kept).key('action').on(Acted, reduce),
    /^Accounts \.on\(Acted, …\): its \.key\(…\) does not contain the record key: Acted has the record key "userId", so events of one row would lie in several partitions/,
  ],
  [
    'where records have no key',
    (_, own) => own(kept).key('userId').on(Unkeyed, reduce),
    /^Accounts \.on\(Unkeyed, …\): its \.key\(…\) does not contain the record key: Unkeyed has no record key/,
  ],
  [
    'by a function, where records have no key',
    (_, own) =>
      own(kept)
        .keys(() => [])
        .on(Unkeyed, reduce),
    /^Accounts \.on\(Unkeyed, …\): its \.keys\(…\) does not contain the record key/,
  ],
  [
    'with the record key in another column',
    (_, own) =>
      own(columns({ a: text().primaryKey(), b: text().primaryKey() }))
        .on(Acted, { key: ['userId', 'action'] }, reduce)
        .on(Paid, { key: ['action', 'userId'] }, reduce),
    /^Accounts \.on\(Paid, …\): its record key "userId" is column 2 of the primary key, and that of Acted column 1/,
  ],
  [
    'of an event that from does not name',
    (from) => from(Acted).table(kept).key('userId').on(Acted, reduce).on(Paid, reduce),
    /^Accounts \.on\(Paid, …\): is for an event that \.from\(…\) does not name/,
  ],
  [
    'missing for an event that from names',
    (from) => from(Acted, Paid).table(kept).key('userId').on(Acted, reduce),
    /^Accounts \.from\(…\): names Paid, which no \.on\(…\) takes/,
  ],
];

const ofLookups: readonly Mistake[] = [
  [
    'an unknown table',
    (_, own) => keyed(own).lookup('usres', 'userId').on(Acted, reduce),
    /^Accounts \.on\(Acted, …\) \.lookup\("usres"\): there is no such table/,
  ],
  [
    'a table that is the handler’s own',
    (_, own) =>
      filled(own).table('users', users).key('userId').lookup('users', 'userId').on(Acted, reduce),
    /^Accounts \.on\(Acted, …\) \.lookup\("users"\): is the table itself/,
  ],
  [
    'no field',
    (_, own) => others(own),
    /^Accounts \.on\(Acted, …\) \.lookup\("users"\): names 0 key fields \(\); the primary key of metrics_users is \(userId\)/,
  ],
  [
    'an unknown field',
    (_, own) => others(own, 'usr'),
    /^Accounts \.on\(Acted, …\) \.lookup\("users"\): Acted has no field "usr"/,
  ],
  [
    'a field of another type',
    (_, own) => others(own, 'tenantId'),
    /^Accounts \.on\(Acted, …\) \.lookup\("users"\): "tenantId" is a long, and the key column "userId" of metrics_users is text/,
  ],
  [
    'too many fields',
    (_, own) => others(own, 'userId', 'day'),
    /^Accounts \.on\(Acted, …\) \.lookup\("users"\): names 2 key fields \(userId, day\)/,
  ],
  [
    'a row of another partition',
    (_, own) => others(own, 'action'),
    /^Accounts \.on\(Acted, …\) \.lookup\("users"\): Acted has the record key "userId", which is not what the rows of "users" are partitioned by/,
  ],
  [
    'one table twice',
    (_, own) =>
      own(kept)
        .table('users', users)
        .key('userId')
        .on(Acted, reduce)
        .main()
        .key('userId')
        .lookup('users', 'userId')
        .lookup('users', 'userId')
        .on(Acted, reduce),
    /^Accounts \.on\(Acted, …\) \.lookup\("users"\): is called twice/,
  ],
  [
    'what no handler uses',
    (_, own) => others(own, 'userId').lookup('users', 'userId'),
    /^Accounts \.lookup\("users"\): has no \.on\(…\) behind it, so it would do nothing/,
  ],
  [
    'what no handler of the table uses',
    (_, own) =>
      filled(own)
        .table('users', users)
        .key('userId')
        .on(Acted, reduce)
        .lookup('users', 'userId')
        .main()
        .key('userId')
        .on(Paid, reduce),
    /^Accounts \.lookup\("users"\): has no \.on\(…\) behind it/,
  ],
  [
    'a key that no handler uses',
    (_, own) => filled(own).key('userId'),
    /^Accounts \.key\(…\): has no \.on\(…\) behind it/,
  ],
  [
    'keys that no handler uses',
    (_, own) => filled(own).keys(() => []),
    /^Accounts \.keys\(…\): has no \.on\(…\) behind it/,
  ],
];

describe('a mistake in a handler of a table projection names class, step and field', () => {
  it.each(ofHandlers)('a handler: %s', (_, define, message) =>
    expectMistake(table(define), message),
  );
  it.each(ofLookups)('a lookup: %s', (_, define, message) => expectMistake(table(define), message));
});
