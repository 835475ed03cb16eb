import { onAbort } from './on-abort.ts';

/** Options of `pause`. */
interface PauseOptions {
  /** False: the wait does not keep the process alive. Default true. */
  readonly ref?: boolean;
}

/** Resolves after `ms`, or as soon as `signal` aborts: the caller checks the signal. */
export function pause(
  ms: number,
  signal?: AbortSignal,
  { ref = true }: PauseOptions = {},
): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stopListening();
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (!ref) timer.unref();
    const stopListening = onAbort(signal, done);
  });
}
