import { columns, Decimal, decimal, int, TableProjection, text, timestamp } from 'reprise';
import { AccountClosed, AccountOpened, CustomerRegistered, MoneyMoved } from '../schemas/index.ts';

const accounts = columns({
  customerId: text().primaryKey(),
  accountId: text().primaryKey(),
  owner: text().nullable(),
  balance: decimal(18, 2),
  transfers: int(),
  openedAt: timestamp(),
});

const customers = columns({ customerId: text().primaryKey(), name: text() });

/**
 * The accounts of a bank as they are now: opened, changed by money moved between two of them (a
 * fan-out), closed; with the owner's name at the time of opening.
 */
export class AccountOverview extends TableProjection {
  readonly name: string = 'account_overview';
  readonly version: number = 1;

  define() {
    return this.table(accounts)
      .table('customers', customers)
      .key('customerId')
      .on(CustomerRegistered, (_row, { customerId, name }) => ({ customerId, name }))
      .main()
      .lookup('customers', 'customerId')
      .key('customerId', 'accountId')
      .on(AccountOpened, (_row, event, { customers: owner }) => ({
        customerId: event.customerId,
        accountId: event.accountId,
        owner: owner?.name ?? null,
        balance: event.deposit,
        transfers: 0,
        openedAt: event.occurredAt,
      }))
      .on(AccountClosed, () => null)
      .keys((event: MoneyMoved) => [
        [event.customerId, event.fromAccountId],
        [event.customerId, event.toAccountId],
      ])
      .on(MoneyMoved, (row, event, { key: [, accountId] }) => {
        if (row === undefined) return null;
        const amount =
          accountId === event.toAccountId ? event.amount.unscaled : -event.amount.unscaled;
        const balance = new Decimal(row.balance.unscaled + amount, 2);
        return { ...row, balance, transfers: row.transfers + 1 };
      });
  }
}
