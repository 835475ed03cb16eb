import type { Term } from './terms.ts';

/** Terms that are identified only by their first occurrence: variables, objects and outer names. */
const PLACED = new Set(['outer', 'variable']);

/**
 * Prints a term: each part once, later mentions by number, without the names that builds change.
 */
export function printTerm(term: Term): string {
  const seen = new Map<Term, number>();
  const parts: string[] = [];
  const visit = (each: Term): void => {
    const known = seen.get(each);
    if (known !== undefined) {
      parts.push(`^${known}`);
      return;
    }
    seen.set(each, seen.size);
    parts.push(`(${each.op}`);
    for (const arg of PLACED.has(each.op) ? [] : each.args) {
      if (typeof arg === 'string') parts.push(JSON.stringify(arg));
      else visit(arg);
    }
    parts.push(')');
  };
  visit(term);
  return parts.join(' ');
}
