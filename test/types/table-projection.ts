/**
 * Compile-time tests of table projections, checked by `tsc` and never run; see
 * windowed-projection.ts.
 */
import {
  type Column,
  columns,
  type Decimal,
  decimal,
  int,
  json,
  TableProjection,
  text,
  timestamp,
} from 'reprise';
import { Opened, Paid, same } from './declared.ts';

const accounts = columns({
  accountId: text().primaryKey(),
  owner: text().nullable(),
  balance: decimal(18, 2),
  payments: decimal(18, 0),
  openedAt: timestamp().nullable().comment('null: not opened yet'),
});
const owners = columns({ accountId: text().primaryKey(), owner: text() });

export class Accounts extends TableProjection {
  readonly name = 'accounts';
  readonly version = 1;
  define() {
    return this.from(Paid, Opened)
      .where({ accountId: { not: '' } })
      .table(accounts, { maxDrift: '1 minute' })
      .table('owners', owners)
      .key('accountId')
      .on(Opened, (_row, { accountId, owner }) => ({ accountId, owner }))
      .main()
      .lookup('owners', 'accountId')
      .key('accountId')
      .on(Opened, (row, event, { owners: of, key }) => {
        same<typeof of, { readonly accountId: string; readonly owner: string } | undefined>(true);
        same<typeof key, readonly unknown[]>(true);
        return row === undefined ? null : { ...row, openedAt: event.openedAt };
      })
      .keys((event: { readonly accountId: string }) => [[event.accountId]])
      .on(Paid, (row, event) => {
        if (row === undefined) return undefined;
        same<typeof row.payments, bigint>(true);
        same<typeof row.balance, Decimal>(true);
        return { ...row, balance: event.amount, payments: row.payments + 1n };
      })
      .on(Paid, { key: 'accountId' }, (row) => row)
      .on(Opened, { keys: (event) => [event.accountId] }, (row) => row)
      .index('opened_at')
      .onTombstone((row, { key }) => {
        same<typeof key, readonly unknown[]>(true);
        return row && { ...row, owner: null };
      });
  }
}

same<ReturnType<typeof plain>, Column<Decimal | bigint>>(true);
function plain(scale: number) {
  return decimal(18, scale);
}

export class Mistaken extends TableProjection {
  readonly name = 'mistaken';
  readonly version = 1;
  define() {
    // @ts-expect-error a part of the primary key may not be null
    text().primaryKey().nullable();
    // @ts-expect-error nor behind a comment
    text().primaryKey().comment('whose').nullable();
    text().nullable().primaryKey();
    // @ts-expect-error a decimal has a scale
    decimal(18);
    // @ts-expect-error columns are called
    columns({ accountId: text });

    // @ts-expect-error columns
    this.table();
    // @ts-expect-error there is no such option
    this.table(accounts, { lateness: 5 });
    // @ts-expect-error no event
    this.from();
    // @ts-expect-error there is no such field
    this.from(Paid).where({ methd: 'CARD' });
    // @ts-expect-error event time is an instant
    this.from(Paid).time('weight');

    const kept = this.table(accounts);
    // @ts-expect-error nothing says which row
    kept.on(Opened, () => null);
    // @ts-expect-error there is no such table
    kept.lookup('owners', 'accountId');
    kept
      .onTombstone('delete')
      .key('accountId')
      .onTombstone('ignore')
      .on(Opened, () => null);
    // @ts-expect-error there is no such answer
    kept.onTombstone('drop');
    // @ts-expect-error the row lacks columns
    kept.onTombstone(() => ({ accountId: '' }));
    // @ts-expect-error columns go by their SQL names
    kept.index('openedAt');
    // @ts-expect-error the event has no such field
    kept.on(Opened, { key: 'account' }, () => null);
    // @ts-expect-error an instant is no key
    kept.on(Opened, { key: 'openedAt' }, () => null);
    // @ts-expect-error a field is no function
    kept.on(Opened, { keys: 'accountId' }, () => null);

    const keyed = kept.key('accountId');
    // @ts-expect-error a reducer
    keyed.on(Opened);
    // @ts-expect-error the event has no such field
    kept.key('owner').on(Paid, () => null);
    // @ts-expect-error the event has no such field
    keyed.on(Opened, (row, event) => ({ ...row, owner: event.name }));
    // @ts-expect-error the row lacks columns
    keyed.on(Opened, (_row, { accountId }) => ({ accountId }));
    // @ts-expect-error there is no such column
    keyed.on(Opened, (row) => row && { ...row, extra: 1 });
    // @ts-expect-error nor beside null
    kept.on(Opened, { key: 'accountId' }, (row) => (row ? { ...row, extra: 1 } : null));
    keyed.on(Opened, (row) =>
      // @ts-expect-error a column is of another type
      row === undefined ? null : { ...row, balance: 5 },
    );
    keyed.on(Opened, (row, event) =>
      // @ts-expect-error a whole decimal is a bigint
      row === undefined ? null : { ...row, payments: row.balance, openedAt: event.openedAt },
    );
    // @ts-expect-error the function takes other events
    kept.keys((event: { readonly weight: number }) => [event.weight]).on(Opened, () => null);

    const both = keyed.on(Opened, (row) => row).table('owners', owners);
    // @ts-expect-error a second table needs its columns
    keyed.table('owners');
    // @ts-expect-error a lookup needs its fields
    both.main().lookup('owners');
    // @ts-expect-error the row is that of the second table
    both.key('accountId').on(Opened, (row) => ({ accountId: '', owner: row?.balance }));
    const main = both.main().key('accountId');
    // @ts-expect-error nothing was looked up
    main.on(Opened, (row, _event, { owners: of }) => of && row);
    return both.key('accountId').on(Opened, (row) => row);
  }
}

export class Unended extends TableProjection {
  readonly name = 'unended';
  readonly version = 1;
  // @ts-expect-error no table
  define() {
    return this.from(Paid);
  }
}

export class Retrying extends TableProjection {
  readonly name = 'retrying';
  readonly version = 1;
  override readonly onError = {
    live: { policy: 'retryAndSkip', attempts: 5, initialMs: 50, factor: 2 },
    rebuild: { policy: 'retryAndFail' },
  } as const;
  define() {
    return this.table(columns({ accountId: text().primaryKey() }))
      .key('accountId')
      .on(Paid, (_row, { accountId }) => ({ accountId }));
  }
}

export class Misretrying extends Retrying {
  // @ts-expect-error only the policies that retry have attempts
  override readonly onError = { policy: 'quarantineKey', attempts: 5 } as const;
}

export const unused = [int(), json<readonly string[]>()];
