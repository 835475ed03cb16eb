import { defineAvroEvent } from '../src/event/define-avro-event.ts';
import type { EventDefinition } from '../src/event/event-definition.ts';
import { PAYMENT_SCHEMA } from './payment-schema.ts';
import { METHODS } from './workload/payment-stream.ts';

/** One payment as `bench/payment.avsc` says. */
export interface Payment {
  readonly paymentId: string;
  readonly userId: string;
  readonly amount: number;
  readonly method: (typeof METHODS)[number];
  readonly occurredAt: Date;
}

/** The payment event on a topic of this run. */
export function paymentOn(topic: string): EventDefinition<Payment> {
  return defineAvroEvent<Payment>({
    name: 'Payment',
    topic,
    key: 'userId',
    time: 'occurredAt',
    fields: [
      { name: 'paymentId', type: { kind: 'string' }, nullable: false },
      { name: 'userId', type: { kind: 'string' }, nullable: false },
      { name: 'amount', type: { kind: 'double' }, nullable: false },
      { name: 'method', type: { kind: 'enum', symbols: METHODS }, nullable: false },
      { name: 'occurredAt', type: { kind: 'timestamp-millis' }, nullable: false },
    ],
    schema: PAYMENT_SCHEMA,
  });
}
