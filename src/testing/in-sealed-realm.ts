/** What pure functions must not use: `[object, name, name in messages]`. */
const FORBIDDEN: readonly (readonly [object, string, string])[] = [
  [Math, 'random', 'Math.random()'],
  [Date, 'now', 'Date.now()'],
  [performance, 'now', 'performance.now()'],
  [process, 'hrtime', 'process.hrtime()'],
  [globalThis.crypto, 'randomUUID', 'crypto.randomUUID()'],
  [globalThis.crypto, 'getRandomValues', 'crypto.getRandomValues()'],
  [globalThis, 'fetch', 'fetch()'],
  [globalThis, 'setTimeout', 'setTimeout()'],
  [globalThis, 'setInterval', 'setInterval()'],
  [globalThis, 'setImmediate', 'setImmediate()'],
  [globalThis, 'queueMicrotask', 'queueMicrotask()'],
];

/**
 * Calls a function without access to clock, randomness, timers and network. An access throws, and
 * `found` is called with its name.
 */
export function inSealedRealm<Result>(call: () => Result, found: (what: string) => void): Result {
  const refuse = (what: string) => (): never => {
    found(what);
    throw new Error(`${what} is not for a pure function: results must follow from the log alone.`);
  };
  const restore = [
    ...FORBIDDEN.map(([owner, name, what]) => replace(owner, name, refuse(what))),
    replace(globalThis, 'Date', clocklessDate(refuse)),
  ];
  try {
    return call();
  } finally {
    for (const undo of restore.reverse()) undo();
  }
}

/** Returns a `Date` that creates and reads timestamps, but does not know the current time. */
function clocklessDate(refuse: (what: string) => () => never): DateConstructor {
  return new Proxy(Date, {
    construct: (target, args: readonly unknown[], newTarget) =>
      args.length === 0
        ? refuse('new Date()')()
        : (Reflect.construct(target, args, newTarget) as Date),
    apply: refuse('Date()'),
  });
}

function replace(owner: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  return () => {
    if (before === undefined) delete (owner as Record<string, unknown>)[name];
    else Object.defineProperty(owner, name, before);
  };
}

/**
 * Calls a function while the process is in another time zone, so that reads of local time differ.
 * No effect in a worker thread.
 */
export function inTimeZone<Result>(timeZone: string, call: () => Result): Result {
  const before = process.env['TZ'];
  process.env['TZ'] = timeZone;
  try {
    return call();
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
}
