import { Decimal } from 'reprise';
import { scenario } from 'reprise/testing';
import { describe, expect, test } from 'vitest';
import { AccountOverview } from '../../../projections/account-overview.ts';
import {
  AccountClosed,
  AccountOpened,
  CustomerRegistered,
  MoneyMoved,
} from '../../../schemas/index.ts';

const T = Date.UTC(2026, 10, 23);
const customerId = 'c1';
const euros = (text: string) => Decimal.fromString(text);

function bank() {
  return scenario(new AccountOverview())
    .publish(CustomerRegistered, { customerId, name: 'Ada', occurredAt: T })
    .publish(AccountOpened, { customerId, accountId: 'a', deposit: euros('10.00'), occurredAt: T })
    .publish(AccountOpened, { customerId, accountId: 'b', deposit: euros('0.50'), occurredAt: T });
}

const balances = (s: ReturnType<typeof bank>) =>
  s.rows().map((row) => [row.account_id, String(row.balance), row.transfers]);

describe('account overview', () => {
  test('an opened account is a row, with the name its owner had then', () => {
    const s = bank().publish(CustomerRegistered, { customerId, name: 'Lady Ada', occurredAt: T });
    expect(s.rows()[0]).toEqual({
      customer_id: 'c1',
      account_id: 'a',
      owner: 'Ada',
      balance: euros('10.00'),
      transfers: 0,
      opened_at: new Date(T),
    });
    expect(s.rows('customers')).toEqual([{ customer_id: 'c1', name: 'Lady Ada' }]);
  });

  test('money moved changes both accounts', () => {
    const amount = euros('3.25');
    const s = bank().publish(MoneyMoved, {
      customerId,
      fromAccountId: 'a',
      toAccountId: 'b',
      amount,
      occurredAt: T,
    });
    expect(balances(s)).toEqual([
      ['a', '6.75', 1],
      ['b', '3.75', 1],
    ]);
  });

  test('a closed account is no row', () => {
    const s = bank().publish(AccountClosed, { customerId, accountId: 'a', occurredAt: T });
    expect(balances(s)).toEqual([['b', '0.50', 0]]);
  });

  test('a replay, and a restart between, give the same rows', () => {
    const amount = euros('1.00');
    const s = bank().restart().publish(MoneyMoved, {
      customerId,
      fromAccountId: 'b',
      toAccountId: 'a',
      amount,
      occurredAt: T,
    });
    expect(s.replay().rows()).toEqual(s.rows());
    expect(balances(s)).toEqual([
      ['a', '11.00', 1],
      ['b', '-0.50', 1],
    ]);
  });

  test('what does not fit a column sets the whole record aside', () => {
    const amount = euros('9999999999999999.99');
    const s = bank().publish(MoneyMoved, {
      customerId,
      fromAccountId: 'b',
      toAccountId: 'a',
      amount,
      occurredAt: T,
    });
    expect(s.deadLetters()).toMatchObject([
      { reason: 'HANDLER_FAILED', message: expect.stringContaining('"balance" is') },
    ]);
    expect(balances(s).map(([, , transfers]) => transfers)).toEqual([0, 0]);
  });
});
