import { setMaxListeners } from 'node:events';

/**
 * Calls `act` once when a signal aborts; immediately if it has. @returns a function that removes
 * the listener, so that a long-lived signal does not keep it. A signal may have any number of
 * listeners: Node's warning is disabled.
 */
export function onAbort(signal: AbortSignal | undefined, act: () => void): () => void {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) {
    act();
    return () => undefined;
  }
  setMaxListeners(0, signal);
  signal.addEventListener('abort', act, { once: true });
  return () => signal.removeEventListener('abort', act);
}
