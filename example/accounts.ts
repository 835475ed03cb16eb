import type { EventDefinition } from 'reprise';
import { Decimal } from 'reprise';
import { AccountClosed, AccountOpened, CustomerRegistered, MoneyMoved } from '../schemas/index.ts';
import type { Random } from './random.ts';

const CUSTOMERS = 200;
const NAMES = ['Ada', 'Edgar', 'Grace', 'Barbara', 'Tony', 'Leslie', 'Jim', 'Michael'];

/** The customers of a bank, in memory: what they did decides what they can do next. */
export class Bank {
  readonly #accounts = new Map<string, string[]>();
  readonly #random: Random;
  #opened = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * What one of 200 customers does next: registers, opens an account, moves money between two of
   * their accounts, closes one.
   */
  next(timeMs: number): { readonly event: EventDefinition; readonly value: unknown } {
    const random = this.#random;
    const customerId = `customer-${String(Math.floor(random() * CUSTOMERS)).padStart(4, '0')}`;
    const occurredAt = new Date(timeMs);
    const accounts = this.#accounts.get(customerId);
    if (accounts === undefined || random() < 0.02) {
      this.#accounts.set(customerId, accounts ?? []);
      const name = NAMES[Math.floor(random() * NAMES.length)] as string;
      const value: CustomerRegistered = { customerId, name, occurredAt };
      return { event: CustomerRegistered, value };
    }
    if (accounts.length < 2 || (accounts.length < 5 && random() < 0.1)) {
      this.#opened += 1;
      const accountId = `account-${String(this.#opened).padStart(6, '0')}`;
      accounts.push(accountId);
      const deposit = new Decimal(BigInt(Math.floor(random() * 1_000_000)), 2);
      const value: AccountOpened = { customerId, accountId, deposit, occurredAt };
      return { event: AccountOpened, value };
    }
    const [fromAccountId, toAccountId] = accounts as [string, string];
    if (accounts.length > 2 && random() < 0.05) {
      accounts.shift();
      const value: AccountClosed = { customerId, accountId: fromAccountId, occurredAt };
      return { event: AccountClosed, value };
    }
    const amount = new Decimal(BigInt(Math.floor(random() * 10_000)), 2);
    accounts.push(accounts.shift() as string);
    const value: MoneyMoved = { customerId, fromAccountId, toAccountId, amount, occurredAt };
    return { event: MoneyMoved, value };
  }
}
