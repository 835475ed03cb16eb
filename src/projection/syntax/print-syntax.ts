import type { AnyNode } from 'acorn';
import { isGlobal } from './frame.ts';
import { childrenOf } from './parse-function.ts';
import type { Scopes, Variable } from './scopes.ts';

/**
 * Prints a syntax tree without the names of variables. Used for functions that are not evaluated,
 * because they are very large or use rare forms. Layout, comments and names do not matter; a
 * minifier's rewriting of statements does.
 */
export function printSyntax(root: AnyNode, { variables, parents }: Scopes): string {
  const places = new Map<Variable | string, number>();
  const place = (of: Variable | string) => {
    if (!places.has(of)) places.set(of, places.size);
    return `$${places.get(of)}`;
  };
  const print = (node: AnyNode): string => {
    if (node.type === 'Identifier') {
      const variable = variables.get(node);
      if (variable !== undefined) return place(variable);
      return parents.has(node) && !isGlobal(node.name) ? place(node.name) : node.name;
    }
    const facts = Object.entries(node as unknown as Record<string, unknown>)
      .filter(([key, value]) => !POSITIONS.has(key) && isFact(value))
      .map(
        ([key, value]) =>
          `${key}=${typeof value === 'bigint' ? `${value}n` : JSON.stringify(value)}`,
      );
    return `(${node.type} ${facts.join(' ')} ${childrenOf(node).map(print).join(' ')})`;
  };
  return print(root);
}

const POSITIONS = new Set(['start', 'end', 'raw', 'expression', 'type']);

function isFact(value: unknown): boolean {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value) || value === null;
}
