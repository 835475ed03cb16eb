/**
 * Resolves with the result of `work`, or rejects once `timeoutMs` have passed. The work itself
 * continues; its result is dropped.
 * @throws what `work` throws, Error after the timeout, naming `who`
 */
export function within<Result>(
  timeoutMs: number,
  who: string,
  work: Promise<Result>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${who} gave no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
