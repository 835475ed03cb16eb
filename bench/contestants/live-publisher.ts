import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from '../measure/monotonic.ts';
import { createPaymentApp } from '../payment-app.ts';
import { type Payment, paymentOn } from '../payment-event.ts';
import { PaymentStream } from '../workload/payment-stream.ts';
import type { TableTask } from './contestant.ts';
import { paymentOf } from './payment-of-stream.ts';

export interface PublishTask extends TableTask {
  /** Events per second. */
  readonly rate: number;
}

/** Where each event landed and when that was acknowledged, in the order of publishing. */
export interface PublishedEvents {
  readonly partitions: readonly number[];
  readonly offsets: readonly number[];
  /** By `monotonicMs`. */
  readonly acknowledgedMs: readonly number[];
  readonly seconds: number;
}

const TICK_MS = 4;

/**
 * Publishes the workload's first `events` payments at a steady rate through our publisher, event
 * time passing as fast as real time.
 */
export async function livePublisher(task: PublishTask): Promise<PublishedEvents> {
  const app = await createPaymentApp(task);
  const event = paymentOn(task.topic);
  const stream = new PaymentStream({ eventsApartMs: 1000 / task.rate });
  const partitions: number[] = new Array<number>(task.events).fill(0);
  const offsets = [...partitions];
  const acknowledgedMs = [...partitions];
  const sent: Promise<void>[] = [];
  const publish = async (index: number, payment: Payment) => {
    const position = await app.publisher.publish(event, payment);
    acknowledgedMs[index] = monotonicMs();
    partitions[index] = position.partition;
    offsets[index] = Number(position.offset);
  };
  const startedMs = monotonicMs();
  while (stream.count < task.events) {
    const due = Math.min(task.events, ((monotonicMs() - startedMs) / 1000) * task.rate);
    while (stream.count < due) {
      stream.next();
      sent.push(publish(stream.count - 1, paymentOf(stream)));
    }
    await delay(TICK_MS);
  }
  await Promise.all(sent);
  const seconds = (monotonicMs() - startedMs) / 1000;
  await app.close();
  return { partitions, offsets, acknowledgedMs, seconds };
}
