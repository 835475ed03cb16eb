import type { Payment } from '../payment-event.ts';
import { METHODS, PaymentStream, paymentId, userName } from '../workload/payment-stream.ts';

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

/** The workload's first `events` payments, made before the clock starts. */
export function paymentsOf(events: number): readonly Payment[] {
  const stream = new PaymentStream();
  return Array.from({ length: events }, () => {
    stream.next();
    return paymentOf(stream);
  });
}
