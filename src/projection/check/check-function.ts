import type { StepContext } from './fail-for.ts';

/**
 * Checks that a value is a synchronous function. The fold calls it and needs the result at once:
 * the promise of an async function would count as true, or as a row. `name`: the function's name in
 * the definition. @throws DEFINITION_INVALID through `fail`
 */
export function checkFunction(given: unknown, name: string, { step, fail }: StepContext): void {
  if (typeof given !== 'function') fail(step, `${name} is ${kindOf(given)}, not a function.`);
  const kind = (given as { readonly constructor: { readonly name: string } }).constructor.name;
  if (kind !== 'Function') {
    fail(
      step,
      `${name} is async or a generator; it must be a plain function that answers at once.`,
    );
  }
}

/** Describes a value for messages: `undefined`, `null`, `a string`. */
export function kindOf(given: unknown): string {
  if (given === undefined || given === null) return String(given);
  return Array.isArray(given) ? 'a list' : `a ${typeof given}`;
}
