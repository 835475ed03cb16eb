import { setMaxListeners } from 'node:events';

/**
 * Calls `act` once when a signal aborts, at once if it has. @returns a function that removes the
 * listener: a signal that outlives the caller must not keep it. One signal may stop any number of
 * tasks: Node does not warn of its listeners.
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
