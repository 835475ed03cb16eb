/**
 * Compile-time tests of what users write: this file is checked by `tsc` and never run. `@ts-expect-error` fails the check where the compiler
 * finds nothing wrong.
 */
import {
  avg,
  count,
  type Decimal,
  type EventDefinition,
  max,
  min,
  type RowOf,
  sum,
  tumbling,
  WindowedProjection,
} from 'reprise';

interface Paid {
  readonly accountId: string;
  readonly tenantId: bigint;
  readonly method: 'CARD' | 'CASH';
  readonly day: string;
  readonly flagged: boolean;
  readonly coupon: string | null;
  readonly amount: Decimal;
  readonly weight: number;
  readonly discount: number | null;
  readonly pieces: bigint | null;
  readonly paidAt: Date;
  readonly tags: readonly string[];
}
declare const Paid: EventDefinition<Paid>;

/** Fails to compile unless both types are the same. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_proof: Same<A, B>): void {}
/** Intersections as one object type. */
type Flat<Type> = { [Name in keyof Type]: Type[Name] };

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

// @ts-expect-error a projection declares something
export class Undefined extends WindowedProjection {
  readonly name = 'undefined';
  readonly version = 1;
}
