import { AssertionError } from 'node:assert';
import { columns, Decimal, TableProjection, text } from 'reprise';
import { given, occurred, quiet } from 'reprise/testing';
import { describe, expect, test } from 'vitest';
import { AccountOverview } from '../../../projections/account-overview.ts';
import { LoginFraud } from '../../../projections/login-fraud.ts';
import {
  AccountOpened,
  CustomerRegistered,
  FraudSuspected,
  LoginAttempted,
  MoneyMoved,
} from '../../../schemas/index.ts';
import { assertionMessage } from './assertion-message.ts';

const T = Date.UTC(2026, 10, 23);
const customerId = 'c';
const opened = (accountId: string, deposit: string) =>
  occurred(AccountOpened, {
    customerId,
    accountId,
    deposit: Decimal.fromString(deposit),
    occurredAt: T,
  });
const failed = (atMs: number) =>
  occurred(LoginAttempted, {
    userId: 'ada',
    result: 'FAILURE',
    address: '192.0.2.1',
    occurredAt: T + atMs,
  });

describe('given, when, then', () => {
  test('compares the columns named, in any order of rows, decimals as numbers', () => {
    given(new AccountOverview())
      .when(opened('a', '10.00'), opened('b', '0.50'))
      .then([
        { account_id: 'b', balance: Decimal.fromString('0.5') },
        { account_id: 'a', owner: null, opened_at: new Date(T) },
      ]);
  });

  test('gives every expected row a shown row of its own, however loosely it is described', () => {
    given(new AccountOverview())
      .when(opened('a', '1.00'), opened('b', '1.00'))
      .then([{ transfers: 0 }, { account_id: 'a' }]);
    given(new AccountOverview())
      .when(opened('a', '1.00'), opened('b', '1.00'))
      .then([{ account_id: 'a' }, { transfers: 0 }]);
  });

  test('says what differs', () => {
    const message = assertionMessage(() =>
      given(new AccountOverview())
        .when(opened('a', '10.00'), opened('b', '0.50'))
        .then([{ account_id: 'a', transfers: 3 }, { account_id: 'b' }]),
    );
    expect(message).toContain('account_overview shows something else than expected');
    expect(message).toMatch(/\+ +transfers: 0/);
    expect(message).toMatch(/- +transfers: 3/);
    expect(message).not.toContain('opened_at');
  });

  test('refuses rows too many and too few', () => {
    const s = () => given(new AccountOverview()).when(opened('a', '10.00'));
    expect(assertionMessage(() => s().then([]))).toContain('(1 for 0)');
    expect(assertionMessage(() => s().then([{ account_id: 'a' }, { account_id: 'a' }]))).toContain(
      '(1 for 2)',
    );
  });

  test('knows the columns there are', () => {
    const s = given(new AccountOverview()).when(opened('a', '10.00'));
    const misspelt = [{ accountId: 'a' }] as unknown as { account_id: string }[];
    expect(() => s.then(misspelt)).toThrow(/no "accountId": there are customer_id, account_id/);
  });

  test('goes on after then, and looks at other tables, alerts, late events and dead letters', () => {
    given(new AccountOverview())
      .when(occurred(CustomerRegistered, { customerId, name: 'Ada', occurredAt: T }))
      .then([])
      .table('customers', [{ name: 'Ada' }])
      .when(opened('a', '10.00'))
      .then([{ owner: 'Ada' }])
      .when(
        occurred(
          MoneyMoved,
          {
            customerId,
            fromAccountId: 'a',
            toAccountId: 'a',
            amount: Decimal.fromString('1.00'),
            occurredAt: T + 2 * 3_600_000,
          },
          { timestamp: T },
        ),
      )
      .then([{ transfers: 0 }])
      .deadLetters('FUTURE');
    given(new LoginFraud())
      .when(failed(0), failed(60_000), failed(1), failed(120_000))
      .then([{ user_id: 'ada' }])
      .alerts(FraudSuspected, [{ userId: 'ada', firstFailureAt: T }])
      .late(1);
  });

  test('lets silence pass', () => {
    const { scenario } = given(new LoginFraud()).when(failed(0), quiet(0, '5 minutes')).then([]);
    expect(scenario.stateSize()).toBe(0);
    expect(scenario.watermark(0)).toBe(T + 300_000);
  });

  test('fails where alerts, late events or dead letters are others than expected', () => {
    const s = given(new LoginFraud()).when(failed(0), failed(1), failed(2)).then();
    expect(assertionMessage(() => s.alerts(FraudSuspected, []))).toContain(
      'login_fraud publishes as FraudSuspected something else than expected (1 for 0)',
    );
    expect(assertionMessage(() => s.alerts(FraudSuspected, [{ userId: 'grace' }]))).toContain(
      "'grace'",
    );
    expect(assertionMessage(() => s.late(1))).toBe('login_fraud finds 0 events late, 1 expected.');
    expect(assertionMessage(() => s.deadLetters('FUTURE'))).toContain(
      'sets aside [], [FUTURE] expected',
    );
  });

  test('does not take it for granted that no row is shown because none could be made', () => {
    class Failing extends TableProjection {
      readonly name = 'failing';
      readonly version = 1;
      define() {
        return this.table(columns({ customerId: text().primaryKey() }))
          .key('customerId')
          .on(AccountOpened, (row) => {
            if (row === undefined) throw new Error('out of luck');
            return row;
          });
      }
    }
    const s = () => given(new Failing()).when(opened('a', '1.00'), opened('b', '1.00'));
    const silent = assertionMessage(() => s().then([]));
    expect(silent).toContain(".deadLetters('HANDLER_FAILED', 'HANDLER_FAILED') before .then([])");
    expect(silent).toContain('out of luck');
    const differing = assertionMessage(() => s().then([{ customer_id: 'c' }]));
    expect(differing).toContain('HANDLER_FAILED');
    expect(differing).toContain('out of luck');
    s().deadLetters('HANDLER_FAILED', 'HANDLER_FAILED').then([]);
    s().then().deadLetters('HANDLER_FAILED', 'HANDLER_FAILED');
    expect(() => s().deadLetters('HANDLER_FAILED')).toThrow(AssertionError);
    const again = s().deadLetters('HANDLER_FAILED', 'HANDLER_FAILED').then([]);
    expect(() => again.when(opened('c', '1.00')).then([])).toThrow(/out of luck/);
  });

  test('fails a test that awaits or returns it before anything was said', async () => {
    const unfinished = given(new LoginFraud()).when(failed(0)) as unknown as Promise<unknown>;
    await expect(unfinished).rejects.toThrow(/go on with \.then\(rows\)/);
  });
});
