import type { Payment } from '../payment-event.ts';
import { METHODS, type PaymentStream, paymentId, userName } from '../workload/payment-stream.ts';

/** The stream's current payment as an event. */
export function paymentOf(stream: PaymentStream): Payment {
  return {
    paymentId: paymentId(stream),
    userId: userName(stream.userIndex),
    amount: stream.amount,
    method: METHODS[stream.methodIndex] ?? 'CARD',
    occurredAt: new Date(stream.occurredAtMs),
  };
}
