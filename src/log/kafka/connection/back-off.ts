import { pause } from '../../../concurrency/pause.ts';

/**
 * Waits before attempt `attempt` (from 0): 50 ms, doubling up to 2 s, with jitter. Resolves at once
 * if the signal aborts.
 */
export async function backOff(attempt: number, signal?: AbortSignal): Promise<void> {
  const ceilingMs = Math.min(50 * 2 ** Math.min(attempt, 10), 2_000);
  await pause(ceilingMs * (0.5 + Math.random() / 2), signal);
}
