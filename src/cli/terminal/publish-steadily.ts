import { pause } from '../../concurrency/pause.ts';
import type { DevEvent } from '../../config/reprise-config.ts';
import type { Reprise } from '../../reprise.ts';
import { throwIfStopped } from './stop-on-signals.ts';

/** What to publish, and where to. */
export interface Publishing {
  readonly app: Reprise;
  readonly events: Iterable<DevEvent>;
  readonly signal: AbortSignal;
}

const IN_FLIGHT_MAX = 5_000;
const TURN_MS = 50;

/**
 * Publishes exactly `count` events as fast as the log takes them; resolves when all are
 * acknowledged.
 * @throws the first failure; Interrupted; Error when the events end before the count is reached
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
  // Rejections are heard one turn after the flush that caused them.
  await new Promise((resolve) => setImmediate(resolve));
  if (failures.length > 0) throw failures[0];
  if (published < count) throw new Error(`dev.events ended after ${published} of ${count} events`);
}

/**
 * Publishes at a steady rate until the signal; a failed event is told and not repeated. What a slow
 * log held up is not made up for beyond a second.
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
    await pause(TURN_MS, signal);
  }
}
