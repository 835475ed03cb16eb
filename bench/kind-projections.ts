import type { EventDefinition } from '../src/event/event-definition.ts';
import { count, countDistinct, max, min, sum } from '../src/projection/declare/aggregates.ts';
import { columns, double, int, text, timestamp } from '../src/projection/declare/columns.ts';
import { begin } from '../src/projection/declare/pattern.ts';
import { PatternProjection } from '../src/projection/declare/pattern-projection.ts';
import { SessionProjection } from '../src/projection/declare/session-projection.ts';
import { TableProjection } from '../src/projection/declare/table-projection.ts';
import { sliding, tumbling } from '../src/projection/declare/window.ts';
import { WindowedProjection } from '../src/projection/declare/windowed-projection.ts';
import type { Projection } from '../src/projection/plan/projection.ts';
import type { Payment } from './payment-event.ts';
import type { PaymentKind } from './payment-kind.ts';
import { kindName } from './payment-kind.ts';

type Payments = EventDefinition<Payment>;

/** The projection of a kind over the payments of a topic. */
export const KIND_PROJECTIONS: Readonly<
  Record<PaymentKind, (event: Payments) => new () => Projection>
> = {
  table: (event) => {
    const accounts = columns({
      userId: text().primaryKey(),
      payments: int(),
      amount: double(),
      method: text(),
      paidAt: timestamp(),
    });
    return class LastPayment extends TableProjection {
      readonly name = kindName('table');
      readonly version = 1;
      define() {
        return this.table(accounts)
          .key('userId')
          .on(event, (row, { userId, amount, method, occurredAt }) => ({
            userId,
            payments: (row?.payments ?? 0) + 1,
            amount,
            method,
            paidAt: occurredAt,
          }));
      }
    };
  },
  rows: (event) => {
    const payments = columns({
      userId: text().primaryKey(),
      paymentId: text().primaryKey(),
      amount: double(),
      method: text(),
      paidAt: timestamp(),
    });
    return class EveryPayment extends TableProjection {
      readonly name = kindName('rows');
      readonly version = 1;
      define() {
        return this.table(payments)
          .key('userId', 'paymentId')
          .on(event, (_row, { occurredAt, ...payment }) => ({ ...payment, paidAt: occurredAt }));
      }
    };
  },
  session: (event) =>
    class PaymentSessions extends SessionProjection {
      readonly name = kindName('session');
      readonly version = 1;
      define() {
        return this.from(event)
          .key('userId')
          .session({ gap: '30 seconds', lateness: '10 seconds' })
          .measure({
            payments: count(),
            total: sum('amount'),
            smallest: min('amount'),
            largest: max('amount'),
          });
      }
    },
  pattern: (event) =>
    class ThreeTransfers extends PatternProjection {
      readonly name = kindName('pattern');
      readonly version = 1;
      define() {
        const transfer = { where: { method: 'TRANSFER' } } as const;
        return this.from(event)
          .key('userId')
          .pattern(
            begin('first', transfer)
              .next('second', transfer)
              .next('third', transfer)
              .within('1 minute'),
            { lateness: '10 seconds' },
          )
          .row((m) => ({
            firstAt: m.first.occurredAt,
            lastAt: m.third.occurredAt,
            amount: m.third.amount,
          }));
      }
    },
  distinct: (event) =>
    class DistinctMethods extends WindowedProjection {
      readonly name = kindName('distinct');
      readonly version = 1;
      define() {
        return this.from(event)
          .key('userId')
          .window(tumbling('1 hour'), { lateness: '10 seconds' })
          .measure({ payments: countDistinct('paymentId') });
      }
    },
  sliding: (event) =>
    class RecentPayments extends WindowedProjection {
      readonly name = kindName('sliding');
      readonly version = 1;
      define() {
        return this.from(event)
          .key('method')
          .window(sliding('10 seconds', { every: '2 seconds' }), { lateness: '10 seconds' })
          .measure({ payments: count(), largest: max('amount') });
      }
    },
};
