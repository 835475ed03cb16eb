import type { Place } from './fail-for.ts';

/**
 * Functions of a definition are called while folding and must answer at once: an async one would
 * answer with a promise, which counts as true and as a row. `name`: what the function is, as users
 * know it. @throws DEFINITION_INVALID through `fail`
 */
export function checkFunction(given: unknown, name: string, { step, fail }: Place): void {
  if (typeof given !== 'function') fail(step, `${name} is ${kindOf(given)}, not a function.`);
  const kind = (given as { readonly constructor: { readonly name: string } }).constructor.name;
  if (kind !== 'Function') {
    fail(
      step,
      `${name} is async or a generator; it must be a plain function that answers at once.`,
    );
  }
}

/** What a value is, for messages: `undefined`, `null`, `a string`. */
export function kindOf(given: unknown): string {
  if (given === undefined || given === null) return String(given);
  return Array.isArray(given) ? 'a list' : `a ${typeof given}`;
}
