import { onAbort } from '../../concurrency/on-abort.ts';
import { EXIT } from './exit.ts';

/** Thrown by a command that was stopped before it was done. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Longer than the runner's own 10 s: work that has not ended by then will not end. */
const GRACE_MS = 15_000;

/**
 * Returns a signal that aborts at the first SIGINT or SIGTERM. The second one, or 15 s after the
 * first, ends the process at once with code 130. Safe at any moment: uncommitted records are folded
 * again.
 */
export function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  const hear = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
    setTimeout(() => process.exit(EXIT.interrupted), GRACE_MS).unref();
  };
  process.on('SIGINT', hear);
  process.on('SIGTERM', hear);
  return controller.signal;
}

/** @throws Interrupted once the signal has aborted */
export function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted('stopped by a signal');
}

/** Resolves when the signal aborts. */
export function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => onAbort(signal, resolve));
}
