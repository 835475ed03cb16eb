import { createRequire } from 'node:module';
import type { AnyNode, ArrowFunctionExpression, FunctionExpression, Options } from 'acorn';

/** A function as parsed by acorn. */
export type FunctionNode = FunctionExpression | ArrowFunctionExpression;

let parser: typeof import('acorn') | null = null;

/**
 * Parses a function's text, as `String(function)` returns it: an arrow, a function or a method.
 * Null for text without source, such as native and bound functions. The parser is loaded at the
 * first call, because most commands do not need it.
 */
export function parseFunction(text: string): FunctionNode | null {
  parser ??= createRequire(import.meta.url)('acorn') as typeof import('acorn');
  for (const source of [`(${text}\n)`, `({${text}\n})`]) {
    for (const sourceType of ['module', 'script'] as const) {
      const found = functionIn(parsed(parser, source, sourceType));
      if (found !== null) return found;
    }
  }
  return null;
}

function parsed(
  acorn: typeof import('acorn'),
  source: string,
  sourceType: NonNullable<Options['sourceType']>,
): AnyNode | null {
  try {
    return acorn.parseExpressionAt(source, 0, {
      ecmaVersion: 'latest',
      sourceType,
      allowSuperOutsideMethod: true,
      checkPrivateFields: false,
    }) as AnyNode;
  } catch {
    return null; // try the next form
  }
}

function functionIn(node: AnyNode | null): FunctionNode | null {
  if (node === null) return null;
  if (node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression') return node;
  if (node.type !== 'ObjectExpression' || node.properties.length !== 1) return null;
  const [property] = node.properties;
  return property?.type === 'Property' ? functionIn(property.value as AnyNode) : null;
}

/** Returns the child nodes of a node, in source order. */
export function childrenOf(node: AnyNode): AnyNode[] {
  const found = Object.entries(node).flatMap(([key, value]: [string, unknown]) => {
    if (key === 'parent' || typeof value !== 'object' || value === null) return [];
    return Array.isArray(value) ? (value as unknown[]) : [value];
  });
  return found.filter(isNode);
}

function isNode(value: unknown): value is AnyNode {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { type?: unknown }).type === 'string' &&
    typeof (value as { start?: unknown }).start === 'number'
  );
}
