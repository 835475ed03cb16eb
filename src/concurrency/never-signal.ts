/** A signal that never aborts, for work that nobody stops. */
export function neverSignal(): AbortSignal {
  return new AbortController().signal;
}
