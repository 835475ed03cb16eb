import { inspect } from 'node:util';
import { inSealedRealm } from './in-sealed-realm.ts';

/** A user function that is not pure. */
export interface Impurity {
  /** Path in the plan, such as `handlers[0].reduce`. */
  readonly where: string;
  readonly what: string;
}

type UserFunction = (...args: readonly unknown[]) => unknown;

/**
 * Returns the same plan with each user function watched. It is called twice, without access to
 * clock, randomness and I/O, on copied inputs, the second time deeply frozen. Every difference from
 * a pure function is added to `found`.
 */
export function watchFunctions<Plan extends object>(plan: Plan, found: Impurity[]): Plan {
  const seen = new Map<unknown, unknown>();
  const watch = (value: unknown, where: string): unknown => {
    const known = seen.get(value);
    if (known !== undefined) return known;
    if (typeof value === 'function') {
      const one = watched(value as UserFunction, where, found);
      seen.set(value, one);
      return one;
    }
    if (!isPlain(value) || isEvent(value)) return value;
    const copy: unknown[] | Record<string, unknown> = Array.isArray(value) ? [] : {};
    seen.set(value, copy);
    for (const [name, each] of Object.entries(value)) {
      const path = Array.isArray(value)
        ? `${where}[${name}]`
        : where === ''
          ? name
          : `${where}.${name}`;
      (copy as Record<string, unknown>)[name] = watch(each, path);
    }
    return copy;
  };
  return watch(plan, '') as Plan;
}

/** Wraps one function; see `watchFunctions`. */
export function watched(call: UserFunction, where: string, found: Impurity[]): UserFunction {
  return (...args) => {
    const report = (what: string) => {
      if (!found.some((each) => each.where === where && each.what === what))
        found.push({ where, what });
    };
    const attempt = (inputs: readonly unknown[]): { result: unknown; shown: string } => {
      try {
        const result = inSealedRealm(
          () => call(...inputs),
          (what) => report(`it calls ${what}`),
        );
        return { result, shown: print(result) };
      } catch (error) {
        return { result: error, shown: `throws ${(error as Error).message}` };
      }
    };
    const given = args.map((arg) => copyOf(arg, false));
    const before = print(given);
    const first = attempt(given);
    if (print(given) !== before) report('it changes what it is given');
    const second = attempt(args.map((arg) => copyOf(arg, true)));
    if (first.result instanceof Promise) report('it gives a promise; it must be synchronous');
    else if (first.shown !== second.shown) {
      report(`it gives ${brief(first.shown)}, then ${brief(second.shown)}, for the same input`);
    }
    if (first.shown.startsWith('throws ') && first.result instanceof Error) throw first.result;
    return first.result;
  };
}

/**
 * Copies plain objects, lists, timestamps and bytes deeply; freezes the copy on request. Returns
 * all other values unchanged: they are immutable or functions.
 */
function copyOf(value: unknown, frozen: boolean): unknown {
  if (value instanceof Date) return new Date(value.getTime());
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  if (!isPlain(value)) return value;
  const copy = Array.isArray(value)
    ? value.map((each) => copyOf(each, frozen))
    : Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copyOf(each, frozen)]));
  return frozen ? Object.freeze(copy) : copy;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

/** True for event definitions, which are not copied: they are compared by identity. */
function isEvent(value: object): boolean {
  return 'topic' in value && 'fields' in value;
}

function print(value: unknown): string {
  return inspect(value, {
    depth: Number.POSITIVE_INFINITY,
    maxArrayLength: null,
    maxStringLength: null,
    sorted: true,
  });
}

function brief(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}
