import { joinSignals } from './join-signals.ts';

/**
 * Lets work go on side by side; the first that fails aborts the rest. `signal` reaches each as part
 * of the one it is given.
 * @throws the first failure, once nothing is under way
 */
export async function untilFirstFailure(
  signal: AbortSignal,
  works: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const failed = new AbortController();
  const either = joinSignals([signal, failed.signal]);
  await Promise.all(
    works.map((work) => work(either.signal).catch((error: unknown) => failed.abort(error))),
  );
  either.release();
  failed.signal.throwIfAborted();
}
