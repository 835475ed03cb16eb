import { pause } from '../../concurrency/pause.ts';
import type { DevEvent } from '../../config/reprise-config.ts';
import type { Reprise } from '../../reprise.ts';
import { throwIfStopped } from './stop-on-signals.ts';

/** The events to publish, and the application that publishes them. */
export interface Publishing {
  readonly app: Reprise;
  readonly events: Iterable<DevEvent>;
  readonly signal: AbortSignal;
}

const IN_FLIGHT_MAX = 5_000;
const INTERVAL_MS = 50;

/**
 * Publishes exactly `count` events as fast as the log accepts them. Resolves when all are
 * acknowledged.
 * @throws the first failure; Interrupted; Error if the events end before the count is reached
 */
export async function publishExactly(
  options: Publishing & { readonly count: number },
): Promise<void> {
  const { app, count, signal } = options;
  if (count === 0) return;
  const failures: unknown[] = [];
  let published = 0;
  for (const { event, value } of options.events) {
    app.publisher.publish(event, value).catch((error: unknown) => failures.push(error));
    published += 1;
    if (published % IN_FLIGHT_MAX === 0) {
      await app.publisher.flush();
      throwIfStopped(signal);
    }
    if (failures.length > 0 || published === count) break;
  }
  await app.publisher.flush();
  // A rejection arrives one turn of the event loop after the flush that caused it.
  await new Promise((resolve) => setImmediate(resolve));
  if (failures.length > 0) throw failures[0];
  if (published < count) throw new Error(`dev.events ended after ${published} of ${count} events`);
}

/**
 * Publishes at a steady rate until the signal aborts. A failed event is reported and not repeated.
 * At most one second of events is caught up after a slow log.
 */
export async function publishSteadily(
  options: Publishing & {
    readonly ratePerSecond: number;
    readonly onFailure: (error: unknown) => void;
  },
): Promise<void> {
  const { app, ratePerSecond, signal, onFailure } = options;
  let owed = 0;
  let beforeMs = performance.now();
  const events = options.events[Symbol.iterator]();
  while (!signal.aborted) {
    const nowMs = performance.now();
    owed = Math.min(owed + ((nowMs - beforeMs) / 1000) * ratePerSecond, ratePerSecond);
    beforeMs = nowMs;
    for (; owed >= 1; owed -= 1) {
      const next = events.next();
      if (next.done === true) return;
      app.publisher.publish(next.value.event, next.value.value).catch(onFailure);
    }
    await pause(INTERVAL_MS, signal);
  }
}
