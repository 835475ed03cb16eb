/**
 * Calls `act` once when a signal aborts, at once if it has. @returns a function that removes the
 * listener: a signal that outlives the caller must not keep it
 */
export function onAbort(signal: AbortSignal | undefined, act: () => void): () => void {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) {
    act();
    return () => undefined;
  }
  signal.addEventListener('abort', act, { once: true });
  return () => signal.removeEventListener('abort', act);
}
