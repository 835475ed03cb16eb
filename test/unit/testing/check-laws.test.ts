import fc from 'fast-check';
import {
  aggregate,
  columns,
  count,
  Decimal,
  double,
  int,
  json,
  type Projection,
  SessionProjection,
  sum,
  TableProjection,
  text,
  tumbling,
  WindowedProjection,
} from 'reprise';
import { checkLaws, type Happening, occurred, quiet, scenario } from 'reprise/testing';
import { describe, expect, test } from 'vitest';
import { AccountOverview } from '../../../projections/account-overview.ts';
import { LoginFraud } from '../../../projections/login-fraud.ts';
import { MetricMinutes } from '../../../projections/metric-anomalies.ts';
import { SessionAnalytics } from '../../../projections/session-analytics.ts';
import { UserMetrics } from '../../../projections/user-metrics.ts';
import {
  AccountClosed,
  AccountOpened,
  CustomerRegistered,
  LoginAttempted,
  MoneyMoved,
  OrderPlaced,
  PageViewed,
  UserActed,
} from '../../../schemas/index.ts';
import type { Opened as OpenedEvent } from './bank-events.ts';
import { Opened } from './bank-events.ts';

const ID = '00000000-0000-8000-8000-000000000000';
const times = (minutes: number) => fc.integer({ min: 0, max: minutes * 60 }).map((s) => s * 1_000);
const silence = fc
  .record({ partition: fc.constantFrom(0, 1), minutes: fc.integer({ min: 1, max: 40 }) })
  .map(({ partition, minutes }) => quiet(partition, `${minutes} minutes`));
const logOf = (...happenings: fc.Arbitrary<Happening>[]) =>
  fc.array(fc.oneof(...happenings), { maxLength: 25 });

const cents = fc.bigInt({ min: 0n, max: 500n }).map((n) => new Decimal(n, 2));
const bank = fc
  .record({
    customerId: fc.constantFrom('c', 'd'),
    accountId: fc.constantFrom('1', '2'),
    toAccountId: fc.constantFrom('1', '2'),
    amount: cents,
    kind: fc.nat(3),
    occurredAt: times(5),
  })
  .map(({ customerId, accountId, toAccountId, amount, kind, occurredAt }) => {
    if (kind === 0) return occurred(CustomerRegistered, { customerId, name: ID, occurredAt });
    if (kind === 1)
      return occurred(AccountOpened, { customerId, accountId, deposit: amount, occurredAt });
    if (kind === 2) return occurred(AccountClosed, { customerId, accountId, occurredAt });
    return occurred(MoneyMoved, {
      customerId,
      fromAccountId: accountId,
      toAccountId,
      amount,
      occurredAt,
    });
  });
const login = fc
  .record({
    userId: fc.constantFrom('ada', 'bob'),
    result: fc.constantFrom('FAILURE' as const, 'FAILURE' as const, 'SUCCESS' as const),
    occurredAt: times(8),
  })
  .map((value) => occurred(LoginAttempted, { ...value, address: '' }));
const act = fc
  .record({
    userId: fc.constantFrom('ada', 'bob'),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }),
    occurredAt: times(4),
  })
  .map((value) => occurred(UserActed, { ...value, eventId: ID, action: 'VIEW' }));
const shop = fc
  .record({
    visitorId: fc.constantFrom('v', 'w'),
    page: fc.option(fc.constantFrom('/', '/a')),
    amount: cents,
    occurredAt: times(120),
  })
  .map(({ visitorId, page, amount, occurredAt }) =>
    page === null
      ? occurred(OrderPlaced, { visitorId, orderId: ID, amount, occurredAt })
      : occurred(PageViewed, { visitorId, page, occurredAt }),
  );

describe('the laws hold', () => {
  const examples: [string, Projection, fc.Arbitrary<Happening>][] = [
    ['tables', new AccountOverview(), bank],
    ['patterns', new LoginFraud(), login],
    ['windows that close', new MetricMinutes(), act],
    ['windows rebuilt by partial rows', new UserMetrics(), act],
    ['sessions', new SessionAnalytics(), shop],
  ];
  test.each(examples)('of %s', (_name, projection, happening) => {
    checkLaws(projection, logOf(happening, happening, happening, happening, silence), { runs: 60 });
  });
});

/** A table whose rows count the openings of an account, by a handler that may be wrong. */
function table(handler: (count: number, event: OpenedEvent) => number): Projection {
  const rows = columns({ owner: text().primaryKey(), count: int(), tags: json().nullable() });
  return new (class Counts extends TableProjection {
    readonly name = 'counts';
    readonly version = 1;
    define() {
      return this.table(rows)
        .key('owner')
        .on(Opened, (row, event) => ({
          owner: event.owner,
          count: handler(row?.count ?? 0, event),
          tags: null,
        }));
    }
  })();
}

const openings = fc.array(
  fc
    .record({
      owner: fc.constantFrom('a', 'b'),
      account: fc.constantFrom('x', 'y'),
      at: fc.integer({ min: 0, max: 100 }).map((hours) => hours * 3_600_000),
    })
    .map((value) => occurred(Opened, value)),
  { maxLength: 12 },
);

/** What checkLaws says of a projection. */
function verdict(projection: Projection, ...laws: Parameters<typeof checkLaws>[2][]): string {
  try {
    checkLaws(projection, openings, { seed: 1, ...laws[0] });
  } catch (error) {
    return (error as Error).message;
  }
  return 'all laws hold';
}

describe('checkLaws finds', () => {
  test('nothing wrong with a pure handler', () => {
    expect(verdict(table((n) => n + 1))).toBe('all laws hold');
  });

  test.each<[string, (n: number) => number]>([
    ['Date.now()', () => Date.now() % 1_000],
    ['new Date()', () => new Date().getMilliseconds()],
    ['Math.random()', () => Math.floor(Math.random() * 100)],
    ['performance.now()', () => Math.floor(performance.now())],
    ['crypto.randomUUID()', () => crypto.randomUUID().length],
    ['setTimeout()', (n) => Number(setTimeout(() => undefined)) * 0 + n],
  ])('a handler that calls %s', (what, handler) => {
    const message = verdict(table(handler));
    expect(message).toContain('counts breaks the law of purity');
    expect(message).toContain(`handlers[0].reduce: it calls ${what}`);
    expect(message).toMatch(/The smallest log found that shows it:\n {2}1\. Opened \{[^\n]*\}\n\n/);
    expect(message).toMatch(/Repeat it with \{ seed: 1, path: "[\d:]+" \}/);
  });

  test('a handler that remembers', () => {
    let calls = 0;
    const remembering = () => table(() => (calls += 1));
    expect(verdict(remembering())).toMatch(/it gives \{.*\}, then \{.*\}, for the same input/s);
    calls = 0;
    expect(verdict(remembering(), { laws: ['batching'] })).toContain('breaks the law of batching');
    expect(verdict(remembering(), { laws: ['replay'] })).toContain('breaks the law of replay');
  });

  test('a handler that changes its event', () => {
    const message = verdict(
      table((n, event) => n + Number(event.at.setTime(event.at.getTime() + 1))),
    );
    expect(message).toContain('handlers[0].reduce: it changes what it is given');
  });

  test('a handler that reads local time', () => {
    const local = table((_n, event) => event.at.getHours());
    expect(verdict(local)).toContain('counts breaks the law of timeZone');
    expect(verdict(table((_n, event) => event.at.getUTCHours()))).toBe('all laws hold');
  });

  test('an aggregate that depends on the order of arrival, with both results', () => {
    const message = verdict(
      new (class Accounts extends WindowedProjection {
        readonly name = 'accounts';
        readonly version = 1;
        define() {
          return this.from(Opened)
            .key('owner')
            .window(tumbling('1 day'), { lateness: '10 days' })
            .measure({
              last: aggregate<OpenedEvent, string, string>({
                zero: '',
                add: (_state, event) => event.account,
                merge: (_a, b) => b,
                result: (state) => state,
                column: text(),
              }),
            });
        }
      })(),
      { laws: ['order'] },
    );
    expect(message).toContain('accounts breaks the law of order');
    expect(message).toMatch(/\+ +last: '[xy]'/);
    expect(message).toMatch(/- +last: '[xy]'/);
    // The smallest: two openings of one owner on one day.
    expect(message.match(/\d\. Opened/g)).toHaveLength(2);
  });

  test('a sum in floating point of one’s own, while the built-in one is exact', () => {
    const values = fc.array(
      fc
        .record({
          userId: fc.constant('u'),
          value: fc.constantFrom(0.1, 1e17, -1e17, 3),
          occurredAt: fc.integer({ min: 0, max: 50 }),
        })
        .map((value) => occurred(UserActed, { ...value, eventId: ID, action: 'VIEW' })),
      { maxLength: 10 },
    );
    const sums = (own: boolean) =>
      new (class Sums extends WindowedProjection {
        readonly name = 'sums';
        readonly version = 1;
        define() {
          const step = this.from(UserActed)
            .key('userId')
            .window(tumbling('1 minute'), { lateness: '1 hour' });
          return own
            ? step.measure({
                total: aggregate<{ readonly value: number }, number, number>({
                  zero: 0,
                  add: (state, event) => state + event.value,
                  merge: (a, b) => a + b,
                  result: (state) => state,
                  column: double(),
                }),
              })
            : step.measure({ total: sum('value') });
        }
      })();
    expect(() => checkLaws(sums(true), values, { seed: 1 })).toThrow('breaks the law of order');
    checkLaws(sums(false), values, { seed: 1 });
  });

  test('what is impure in a session’s gap and in what it publishes', () => {
    const sessions = new (class Sessions extends SessionProjection {
      readonly name = 'sessions';
      readonly version = 1;
      define() {
        return this.from(Opened)
          .key('owner')
          .session({ gap: () => 1 + Math.floor(Math.random() * 3) })
          .measure({ n: count() });
      }
    })();
    expect(verdict(sessions)).toContain('gap.gapMs: it calls Math.random()');
  });
});

describe('checkLaws', () => {
  test('repeats a counterexample by seed and path', () => {
    const wrong = () => table((_n, event) => (event.account === 'y' ? Date.now() : 0));
    const message = verdict(wrong());
    const path = /path: "([\d:]+)"/.exec(message)?.[1] ?? '';
    expect(verdict(wrong(), { path })).toBe(message);
  });

  test('leaves the realm as it was', () => {
    const { now } = Date;
    verdict(table(() => Date.now()));
    expect([Date.now, new Date().getTime() > 0]).toEqual([now, true]);
    expect(Object.hasOwn(performance, 'now')).toBe(false);
  });
});

test('windows whose view merges partitions keep the laws, and are replayed like others', () => {
  class ByPage extends WindowedProjection {
    readonly name = 'by_page';
    readonly version = 1;
    define() {
      return this.from(PageViewed)
        .key('page')
        .window(tumbling('1 minute'))
        .measure({ views: count() });
    }
  }
  expect(scenario(new ByPage(), { partitions: 2, mode: 'replay' }).flush().rows()).toEqual([]);
  const view = fc
    .record({
      visitorId: fc.constantFrom('a', 'b', 'c'),
      page: fc.constantFrom('/', '/x'),
      occurredAt: times(3),
    })
    .map((value) => occurred(PageViewed, value));
  const some = fc.array(view, { maxLength: 12 });
  checkLaws(new ByPage(), some, { runs: 30, partitions: 3 });
  fc.assert(
    fc.property(some, (log) => {
      const live = scenario(new ByPage(), { partitions: 3 }).play(...log);
      const replayed = scenario(new ByPage(), { partitions: 3, mode: 'replay' })
        .play(...log)
        .flush();
      expect(replayed.rows()).toEqual(live.rows());
      expect(live.rows().reduce((sum, { views }) => sum + views, 0n)).toBe(BigInt(log.length));
    }),
    { numRuns: 50 },
  );
});
