/** Returns a signal that never aborts, for work that is never stopped. */
export function neverSignal(): AbortSignal {
  return new AbortController().signal;
}
