import { setTimeout as delay } from 'node:timers/promises';

/**
 * Delays between attempts: they grow from `firstMs` to `mostMs`, with jitter so that instances do
 * not retry at the same moment. A delay ends at once on `signal`.
 */
export interface Backoff {
  /** Waits before attempt `attempt + 1`. @throws the signal's reason if it is aborted */
  wait(attempt: number): Promise<void>;
}

/** Creates an exponential backoff with jitter; defaults 20 ms to 2 s. */
export function createBackoff(options: {
  readonly signal: AbortSignal;
  readonly firstMs?: number;
  readonly mostMs?: number;
}): Backoff {
  const { signal, firstMs = 20, mostMs = 2_000 } = options;
  return {
    async wait(attempt) {
      const fullMs = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 20));
      await delay(fullMs * (0.5 + Math.random() / 2), undefined, { signal });
    },
  };
}
