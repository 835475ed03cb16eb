import { onAbort } from './on-abort.ts';

/** A signal that follows several others. */
export interface JoinedSignal {
  readonly signal: AbortSignal;
  /** Detaches the signal: it no longer aborts with the others. */
  release(): void;
}

/**
 * Creates a signal that aborts with the first of `signals`, with its reason, until it is released.
 *
 * `AbortSignal.any` adds an entry to each of its sources that is never removed (Node 20): a source
 * that lives as long as the process grows with every call. `release` removes it.
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
