import { joinSignals } from './join-signals.ts';

/**
 * Runs tasks concurrently; the first that fails aborts the others. Each gets a signal that also
 * follows `signal`.
 * @throws the first failure, once all tasks have ended
 */
export async function runTaskGroup(
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
