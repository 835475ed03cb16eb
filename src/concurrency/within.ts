/**
 * What `work` of `who` gives, or an error once `timeoutMs` have passed. The work itself goes on;
 * its result is dropped.
 * @throws what `work` throws, Error when it has taken too long
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
