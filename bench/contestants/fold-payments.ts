import type { DecodedPayment } from './payment-codec.ts';

/** A result row as a loop written by hand keeps it. */
export interface PaymentRow {
  readonly userId: string;
  readonly windowStartMs: number;
  payments: number;
  total: number;
  smallest: number;
  largest: number;
}

/** The fold as people write it: an object per event, a string per key, one `Map`. */
export function foldPayments(
  rows: Map<string, PaymentRow>,
  count: number,
  paymentAt: (i: number) => DecodedPayment,
): void {
  for (let i = 0; i < count; i += 1) {
    const { userId, amount, occurredAt } = paymentAt(i);
    const windowStartMs = occurredAt - (occurredAt % 60_000);
    const key = `${userId}|${windowStartMs}`;
    const row = rows.get(key);
    if (row === undefined) {
      const [total, smallest, largest] = [amount, amount, amount];
      rows.set(key, { userId, windowStartMs, payments: 1, total, smallest, largest });
    } else {
      row.payments += 1;
      row.total += amount;
      row.smallest = Math.min(row.smallest, amount);
      row.largest = Math.max(row.largest, amount);
    }
  }
}
