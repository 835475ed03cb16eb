/**
 * Compile-time tests of what users write: this file is checked by `tsc` and never run.
 * `@ts-expect-error` fails the check where the compiler finds nothing wrong.
 */
import {
  aggregate,
  avg,
  bigint,
  collect,
  count,
  countDistinct,
  customWindows,
  type Decimal,
  double,
  first,
  ingestionTime,
  last,
  max,
  min,
  processingTime,
  quantile,
  type RowOf,
  sliding,
  stddev,
  sum,
  text,
  topK,
  tumbling,
  variance,
  WindowedProjection,
  zScore,
} from 'reprise';
import { type Flat, Opened, Paid, same, Told } from './declared.ts';

export class Payments extends WindowedProjection {
  readonly name = 'payments';
  readonly version = 1;
  define() {
    return this.from(Paid)
      .key('accountId', 'tenantId', 'method')
      .where({ method: 'CARD', coupon: null, flagged: { not: true } })
      .where({ method: ['CARD', 'CASH'], weight: { gt: 1, lte: 2 }, coupon: { not: ['a', null] } })
      .where({ amount: { gte: undefined as unknown as Decimal }, paidAt: { lt: new Date(0) } })
      .where({ tenantId: { gt: 1n }, discount: { lt: 1 } })
      .where((paid) => paid.tags.includes('new'))
      .window(tumbling('1 hour', { offset: 'PT30M' }), {
        lateness: '10 seconds',
        late: 'revise',
        maxDrift: '5 minutes',
      })
      .measure({
        payments: count(),
        totalAmount: sum('amount'),
        meanWeight: avg('weight'),
        meanPieces: avg('pieces'),
        pieces: sum('pieces'),
        leastDiscount: min('discount'),
        lastPaidAt: max('paidAt'),
      })
      .index('account_id', 'window_start')
      .index('total_amount');
  }
}

same<
  Flat<RowOf<Payments>>,
  {
    account_id: string;
    tenant_id: bigint;
    method: 'CARD' | 'CASH';
    window_start: Date;
    window_end: Date;
    payments: bigint;
    total_amount: Decimal | null;
    mean_weight: number | null;
    mean_pieces: number | null;
    pieces: bigint | null;
    least_discount: number | null;
    last_paid_at: Date | null;
    revised_at_offset: bigint | null;
  }
>(true);

export class Mistaken extends WindowedProjection {
  readonly name = 'mistaken';
  readonly version = 1;
  define() {
    const from = this.from(Paid);
    // @ts-expect-error there is no such field
    from.key('accountID');
    // @ts-expect-error a key needs a field
    from.key();
    // @ts-expect-error a decimal is no key
    from.key('accountId', 'amount');
    // @ts-expect-error an instant is no key
    from.key('paidAt');

    const keyed = from.key('accountId');
    // @ts-expect-error there is no such field
    keyed.where({ methd: 'CARD' });
    // @ts-expect-error there is no such symbol
    keyed.where({ method: 'CHEQUE' });
    // @ts-expect-error nor in a list
    keyed.where({ method: ['CARD', 'CHEQUE'] });
    // @ts-expect-error nor as an exception
    keyed.where({ method: { not: 'CHEQUE' } });
    // @ts-expect-error text has no range
    keyed.where({ accountId: { gt: 'a' } });
    // @ts-expect-error the field is never null
    keyed.where({ weight: null });
    // @ts-expect-error a long is a bigint
    keyed.where({ tenantId: { gt: 1 } });
    // @ts-expect-error the event has no such field
    keyed.where((paid) => paid.amont);
    // @ts-expect-error a filter answers with true or false
    keyed.where((paid) => paid.coupon);
    // @ts-expect-error windows are made by tumbling()
    keyed.window('1 minute');
    // @ts-expect-error there is no such option
    keyed.window(tumbling('1 minute'), { latness: 1 });

    const windowed = keyed.window(tumbling('1 minute'));
    // @ts-expect-error text cannot be added up
    windowed.measure({ total: sum('accountId') });
    // @ts-expect-error nor can instants
    windowed.measure({ total: sum('paidAt') });
    // @ts-expect-error an average of booleans
    windowed.measure({ mean: avg('flagged') });
    // @ts-expect-error text has no least value here
    windowed.measure({ first: min('accountId') });
    // @ts-expect-error there is no such field
    windowed.measure({ most: max('weigth') });
    // @ts-expect-error a measure is what count() gives
    windowed.measure({ events: count });

    const defined = windowed.measure({ totalAmount: sum('amount') });
    // @ts-expect-error columns go by their SQL names
    defined.index('totalAmount');
    return defined;
  }
}

export class Aggregates extends WindowedProjection {
  readonly name = 'aggregates';
  readonly version = 1;
  define() {
    return this.from(Paid, Opened)
      .time(ingestionTime())
      .key('accountId')
      .window(sliding('1 hour', { every: '1 minute' }), {
        lateness: 5,
        late: 'reject',
        emit: 'onClose',
        idle: 'off',
      })
      .measure({
        opened: count({ of: Opened }),
        cards: count({ of: Paid, where: { method: 'CARD' } }),
        heavy: sum('weight', { of: Paid, where: (paid) => paid.weight > 5 }),
        owner: first('owner'),
        lastMethod: last('method'),
        methods: countDistinct('method', { exactUpTo: 10 }),
        topOwners: topK('owner', 3, { distinctUpTo: 100 }),
        amounts: collect('amount', 5),
        median: quantile('weight', 0.5, { relativeError: 0.001 }),
        spread: variance('weight'),
        deviation: stddev('amount'),
        bytes: aggregate<unknown, number, bigint>({
          zero: 0,
          add: (state) => state + 1,
          merge: (a, b) => a + b,
          result: (state) => BigInt(state),
          column: bigint(),
        }),
        score: zScore('median', { min: 5 }),
      })
      .onClose(Told, (row) =>
        row.score === null ? null : { accountId: row.account_id, at: row.window_end },
      )
      .index('account_id', 'score');
  }
}

same<
  Flat<RowOf<Aggregates>>,
  {
    account_id: string;
    window_start: Date;
    window_end: Date;
    opened: bigint;
    cards: bigint;
    heavy: number | null;
    owner: string | null;
    last_method: 'CARD' | 'CASH' | null;
    methods: bigint;
    methods_exact: boolean;
    top_owners: readonly { readonly value: string; readonly count: number }[];
    top_owners_exact: boolean;
    amounts: readonly string[];
    median: number | null;
    spread: number | null;
    deviation: number | null;
    bytes: bigint;
    score: number | null;
    revised_at_offset: bigint | null;
  }
>(true);

export class MoreMistakes extends WindowedProjection {
  readonly name = 'more_mistakes';
  readonly version = 1;
  define() {
    // @ts-expect-error no event
    this.from();
    // @ts-expect-error an event goes by its definition
    this.from('Paid');
    const from = this.from(Paid);
    // @ts-expect-error event time is an instant
    from.time('weight');
    // @ts-expect-error there is no such field
    from.time('paid');
    from.time(processingTime()).time('paidAt');
    // @ts-expect-error one of the two has no such field
    this.from(Paid, Opened).key('tenantId');
    // @ts-expect-error one of the two has no such time
    this.from(Paid, Opened).time('paidAt');
    // @ts-expect-error one of the two has no such field
    this.from(Paid, Opened).key('accountId').where({ method: 'CARD' });

    const keyed = from.key('accountId');
    // @ts-expect-error there is no such choice
    keyed.window(tumbling('1 minute'), { late: 'drop' });
    // @ts-expect-error nor this
    keyed.window(tumbling('1 minute'), { emit: 'close' });
    // @ts-expect-error sliding windows need a distance
    sliding('1 minute');
    // @ts-expect-error there is no such option
    tumbling('1 day', { timezone: 'UTC' });
    // @ts-expect-error a window has an end
    customWindows((at) => [{ start: at }]);
    keyed.window(
      customWindows((at, paid: { readonly weight: number }) => [
        { start: at, end: at + paid.weight },
      ]),
    );

    const windowed = keyed.window(tumbling('1 minute'));
    // @ts-expect-error a column of the key
    windowed.measure({ accountId: count() });
    // @ts-expect-error a bound of the window
    windowed.measure({ windowEnd: count() });
    // @ts-expect-error the mark of revision
    windowed.measure({ revised_at_offset: count() });
    // @ts-expect-error hidden names are reserved
    windowed.measure({ _events: count() });
    // @ts-expect-error there is no such measure
    windowed.measure({ mean: avg('weight'), score: zScore('maen') });
    // @ts-expect-error a score does not judge itself
    windowed.measure({ score: zScore('score') });
    // @ts-expect-error a list is no number
    windowed.measure({ p: quantile('tags', 0.5) });
    // @ts-expect-error a quantile needs its share
    windowed.measure({ p: quantile('weight') });
    // @ts-expect-error how many
    windowed.measure({ top: topK('method') });
    // @ts-expect-error a list is no plain value
    windowed.measure({ all: collect('tags', 3) });
    // @ts-expect-error there is no such option
    windowed.measure({ d: countDistinct('method', { exactTo: 3 }) });
    // @ts-expect-error a field is no option
    windowed.measure({ d: count('method') });
    // @ts-expect-error there is no such symbol
    windowed.measure({ d: count({ of: Paid, where: { method: 'CHEQUE' } }) });
    windowed.measure({
      // @ts-expect-error a state has to be merged
      own: aggregate({
        zero: 0,
        add: (s: number) => s,
        result: (s: number) => s,
        column: double(),
      }),
    });
    windowed.measure({
      own: aggregate({
        zero: 0,
        add: (s: number) => s,
        merge: (a: number, b: number) => a + b,
        result: (s: number) => s,
        // @ts-expect-error the column is of another type
        column: text(),
      }),
    });

    const defined = windowed.measure({ events: count() });
    // @ts-expect-error the event has another field
    defined.onClose(Told, (row) => ({ accountId: row.account_id }));
    // @ts-expect-error the field is of another type
    defined.onClose(Told, (row) => ({ accountId: row.account_id, at: row.events }));
    // @ts-expect-error columns go by their SQL names
    defined.onClose(Told, (row) => ({ accountId: row.accountId, at: row.window_end }));
    // @ts-expect-error there is no such option
    defined.onClose(Told, () => null, { onrevise: true });
    return defined;
  }
}

// @ts-expect-error a projection declares something
export class Undefined extends WindowedProjection {
  readonly name = 'undefined';
  readonly version = 1;
}
