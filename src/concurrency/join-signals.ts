import { onAbort } from './on-abort.ts';

/** A signal made of several. */
export interface JoinedSignal {
  readonly signal: AbortSignal;
  /** Forgets the signals it was made of; it no longer aborts with them. */
  release(): void;
}

/**
 * A signal that aborts with the first of `signals`, for its reason, until it is released.
 *
 * `AbortSignal.any` leaves an entry in each of its sources that is never removed (Node 20): a
 * source that lives as long as the process grows with every call. Here `release` removes it.
 */
export function joinSignals(signals: readonly (AbortSignal | undefined)[]): JoinedSignal {
  const joined = new AbortController();
  const removes = signals.map((signal) => onAbort(signal, () => joined.abort(signal?.reason)));
  return {
    signal: joined.signal,
    release() {
      for (const remove of removes) remove();
    },
  };
}
