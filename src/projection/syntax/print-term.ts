import type { Term } from './terms.ts';

/**
 * Terms whose name is told apart only by where it stands first: variables, objects and names from
 * outside.
 */
const PLACED = new Set(['outer', 'variable']);

/**
 * A term as text: each part once, later mentions by number. The names that builds change are not in
 * it.
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
