/**
 * Makes this process's wall clock wrong by so many milliseconds, for whoever asks it; timers and
 * the monotonic clock go on as they are.
 */
export function skewClock(byMs: number): void {
  if (byMs === 0) return;
  const trueNow = Date.now.bind(Date);
  const now = () => trueNow() + byMs;
  globalThis.Date = new Proxy(Date, {
    construct: (target, given: unknown[]) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given) as Date,
    get: (target, name, receiver) =>
      name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown),
  });
}
