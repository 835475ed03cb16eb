import type { AnyNode, CallExpression } from 'acorn';
import { childrenOf } from './parse-function.ts';

/** Returns the name of a pure function of the language; null for other functions. */
export function pureName(callee: AnyNode): string | null {
  if (callee.type === 'Identifier') {
    return ['Number', 'String', 'Boolean', 'BigInt'].includes(callee.name) ? callee.name : null;
  }
  if (callee.type !== 'MemberExpression' || callee.computed) return null;
  const { object, property } = callee;
  if (object.type !== 'Identifier' || object.name !== 'Math' || property.type !== 'Identifier')
    return null;
  return property.name === 'random' ? null : `Math.${property.name}`;
}

/** True if a call is to a pure function of the language. */
export function isPureCall(node: CallExpression): boolean {
  return pureName(node.callee as AnyNode) !== null;
}

const EFFECTS = new Set([
  'NewExpression',
  'AssignmentExpression',
  'UpdateExpression',
  'AwaitExpression',
  'YieldExpression',
  'TaggedTemplateExpression',
  'ImportExpression',
  'ClassExpression',
]);

const purity = new WeakMap<AnyNode, boolean>();

/** True if an expression is pure, so that evaluating it has no effect. */
export function isPure(node: AnyNode): boolean {
  const known = purity.get(node);
  if (known !== undefined) return known;
  const isFunction = node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression';
  const acts =
    EFFECTS.has(node.type) ||
    (node.type === 'CallExpression' && !isPureCall(node)) ||
    (node.type === 'UnaryExpression' && node.operator === 'delete');
  const found = isFunction || (!acts && childrenOf(node).every(isPure));
  purity.set(node, found);
  return found;
}
