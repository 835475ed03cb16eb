/**
 * Compile-time tests of queries of read models, checked by `tsc` and never run; see
 * windowed-projection.ts.
 */
import {
  bigint,
  collect,
  columns,
  count,
  Decimal,
  decimal,
  json,
  type Projection,
  type ReadModels,
  sum,
  TableProjection,
  text,
  timestamp,
  tumbling,
  WindowedProjection,
} from 'reprise';
import { type Flat, Paid, same } from './declared.ts';

class Takings extends WindowedProjection {
  readonly name = 'takings';
  readonly version = 1;
  define() {
    return this.from(Paid)
      .key('accountId', 'flagged')
      .window(tumbling('1 hour'))
      .measure({ pays: count(), total: sum('amount'), weights: collect('weight', 3) });
  }
}

class Accounts extends TableProjection {
  readonly name = 'accounts';
  readonly version = 1;
  define() {
    return this.table(
      columns({
        accountId: text().primaryKey(),
        limit: decimal(18, 2).nullable(),
        visits: bigint(),
        seenAt: timestamp(),
        notes: json<{ readonly by: string }>(),
      }),
    )
      .key('accountId')
      .on(Paid, (_row, paid) => ({
        accountId: paid.accountId,
        limit: paid.amount,
        visits: 1n,
        seenAt: paid.paidAt,
        notes: { by: paid.accountId },
      }));
  }
}

declare const readModels: ReadModels;
declare const atRunTime: new () => Projection;

export async function asked(): Promise<void> {
  const takings = readModels.query(Takings);
  const rows = await takings
    .where('account_id', 'a')
    .where('flagged', true)
    .where('pays', 3n)
    .where('pays', '>=', 3)
    .where('total', '<', Decimal.fromString('9.99'))
    .where('window_start', '>', new Date(0))
    .where({ account_id: 'a', revised_at_offset: null })
    .whereIn('account_id', ['a', 'b'])
    .whereNull('revised_at_offset')
    .whereNotNull('weights')
    .orderBy('window_start', 'desc')
    .orderBy('total', 'asc', 'last')
    .limit(10)
    .offset(10);
  same<(typeof rows)[number]['pays'], bigint>(true);

  const some = await readModels.query(Accounts).select('account_id', 'notes').select('seen_at');
  same<
    Flat<(typeof some)[number]>,
    { account_id: string; notes: { readonly by: string }; seen_at: Date }
  >(true);
  const first = await readModels.query(new Accounts()).select('limit').first();
  same<typeof first, Pick<{ limit: Decimal | null }, 'limit'> | undefined>(true);
  const counted = await readModels
    .query(Accounts)
    .modify<{ accounts: bigint }>((builder) => builder.count('* as accounts'));
  same<typeof counted, { accounts: bigint }[]>(true);
  // What is known by name only is not checked.
  const [unknown] = await readModels.query('accounts').where('anything', 1).orderBy('anything');
  same<typeof unknown, Record<string, unknown> | undefined>(true);
  await readModels.query(atRunTime).where('anything', 'a').select('anything');
  const named = await readModels.query<Accounts>('accounts').where('visits', 1);
  same<(typeof named)[number]['visits'], bigint>(true);
}

export function mistaken(): void {
  const accounts = readModels.query(Accounts);
  // @ts-expect-error there is no such column
  accounts.where('acount_id', 'a');
  // @ts-expect-error columns go by their SQL names
  accounts.where('accountId', 'a');
  // @ts-expect-error a value of another type
  accounts.where('account_id', 1);
  // @ts-expect-error a value of another type
  accounts.where('seen_at', '2026-01-01');
  // @ts-expect-error text is no number
  accounts.where('visits', '3');
  // @ts-expect-error a decimal is no number
  accounts.where('limit', 9.99);
  // @ts-expect-error the column is never null
  accounts.where('account_id', null);
  // @ts-expect-error nothing is greater than null
  accounts.where('limit', '>', null);
  // @ts-expect-error SQL compares no JSON
  accounts.where('notes', { by: 'a' });
  // @ts-expect-error there is no such operator
  accounts.where('visits', '==', 3n);
  // @ts-expect-error there is no such column
  accounts.where({ acount_id: 'a' });
  // @ts-expect-error a value of another type
  accounts.where({ account_id: 1 });
  // @ts-expect-error a value of another type
  accounts.whereIn('visits', ['1']);
  // @ts-expect-error there is no such column
  accounts.whereNull('limits');
  // @ts-expect-error there is no such column
  accounts.orderBy('seenAt');
  // @ts-expect-error SQL orders no JSON
  accounts.orderBy('notes');
  // @ts-expect-error up or down
  accounts.orderBy('seen_at', 'down');
  // @ts-expect-error there is no such column
  accounts.select('account_id', 'nope');
  // @ts-expect-error which columns
  accounts.select();
  // @ts-expect-error the query is of another projection
  readModels.query(Takings).where('visits', 1n);
}
