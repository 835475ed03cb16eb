import type { AnyNode, Identifier } from 'acorn';
import type { FunctionSyntax } from './function-syntax.ts';
import { childrenOf } from './parse-function.ts';
import type { Scopes, Variable } from './scopes.ts';

/** Content of a parameter: an event, or events by the names of a pattern's steps. */
export type Holding = 'event' | 'match';

/**
 * Kind of a value while it is followed through the function; `step`: an event of a match, or a list
 * of them.
 */
type Flow = Holding | 'step';

/**
 * Returns the names of the fields that a function reads of the events in its parameter `index`.
 * Null: unknown, because an event leaves the function as a whole or a field is named by a computed
 * value; the function may then read all fields.
 */
export function fieldsRead(
  { node, scopes }: FunctionSyntax,
  index: number,
  holding: Holding,
): readonly string[] | null {
  if (scopes.free.has('arguments') || scopes.free.has('eval')) return null;
  const parameter = node.params[index] as AnyNode | undefined;
  const isRest = node.params.slice(0, index + 1).some(({ type }) => type === 'RestElement');
  if (isRest) return null;
  const reader = new Reader(scopes);
  if (parameter !== undefined) reader.bind(parameter, holding);
  return reader.isTold ? [...reader.names].sort() : null;
}

/** List methods whose result is an event of the list, or a list of some. */
const SELECTING = new Set(['at', 'filter', 'find', 'findLast', 'slice', 'toReversed', 'toSorted']);
/** List methods that call a function, with the positions of its parameters that are events. */
const CALLING: Readonly<Record<string, readonly number[]>> = {
  every: [0, 2],
  filter: [0, 2],
  find: [0, 2],
  findIndex: [0, 2],
  findLast: [0, 2],
  flatMap: [0, 2],
  forEach: [0, 2],
  map: [0, 2],
  reduce: [1, 3],
  some: [0, 2],
  toSorted: [0, 1],
};

class Reader {
  readonly names = new Set<string>();
  isTold = true;
  readonly #scopes: Scopes;
  readonly #followed = new Set<Variable>();

  constructor(scopes: Scopes) {
    this.#scopes = scopes;
  }

  /** Follows a value into a destructuring pattern. */
  bind(pattern: AnyNode, flow: Flow): void {
    switch (pattern.type) {
      case 'Identifier':
        return this.#variable(pattern, flow);
      case 'AssignmentPattern':
        return this.bind(pattern.left as AnyNode, flow);
      case 'ObjectPattern':
        for (const each of pattern.properties) {
          const key = each.type === 'Property' ? keyName(each.key as AnyNode, each.computed) : null;
          if (key === null || each.type !== 'Property') return this.#giveUp();
          if (flow === 'match') this.bind(each.value as AnyNode, 'step');
          else this.names.add(key);
        }
        return;
      case 'ArrayPattern':
        if (flow !== 'step') return this.#giveUp();
        for (const each of pattern.elements) if (each !== null) this.bind(each as AnyNode, 'step');
        return;
      case 'RestElement':
        return flow === 'step' ? this.bind(pattern.argument as AnyNode, flow) : this.#giveUp();
      default:
        return this.#giveUp();
    }
  }

  #giveUp(): void {
    this.isTold = false;
  }

  #variable(name: Identifier, flow: Flow): void {
    const variable = this.#scopes.variables.get(name);
    if (variable === undefined || variable.assignedAt.length > 0) return this.#giveUp();
    if (this.#followed.has(variable)) return;
    this.#followed.add(variable);
    for (const use of variable.uses) if (use.start !== variable.at) this.#follow(use, flow);
  }

  /** Follows a value to its use in the enclosing expression. */
  #follow(node: AnyNode, flow: Flow): void {
    const parent = this.#scopes.parents.get(node);
    switch (parent?.type) {
      case 'MemberExpression':
        return this.#member(parent, flow);
      case 'ChainExpression':
        return this.#follow(parent, flow);
      case 'VariableDeclarator':
        return this.bind(parent.id as AnyNode, flow);
      case 'BinaryExpression': {
        if (parent.operator !== 'in') return;
        const key = parent.right === node ? literalText(parent.left as AnyNode) : null;
        if (key === null) return this.#giveUp();
        this.names.add(key);
        return;
      }
      case 'UnaryExpression':
      case 'IfStatement':
      case 'ExpressionStatement':
        return;
      case 'ConditionalExpression':
        return parent.test === node ? undefined : this.#follow(parent, flow);
      case 'LogicalExpression':
        return this.#follow(parent, flow);
      case 'SequenceExpression':
        return parent.expressions.at(-1) === node ? this.#follow(parent, flow) : undefined;
      case 'ForOfStatement':
        return flow === 'step' && parent.left.type === 'VariableDeclaration'
          ? this.bind(parent.left.declarations[0]?.id as AnyNode, flow)
          : this.#giveUp();
      default:
        return this.#giveUp();
    }
  }

  #member(node: Extract<AnyNode, { type: 'MemberExpression' }>, flow: Flow): void {
    const key = keyName(node.property as AnyNode, node.computed);
    if (key === null) return this.#giveUp();
    if (flow === 'match') return this.#follow(node, 'step');
    if (flow === 'step' && /^\d+$/.test(key)) return this.#follow(node, 'step');
    const call = this.#scopes.parents.get(node);
    const isMethod = flow === 'step' && call?.type === 'CallExpression' && call.callee === node;
    this.names.add(key);
    if (!isMethod || !(SELECTING.has(key) || key in CALLING)) return;
    for (const given of call.arguments) this.#callback(given as AnyNode, CALLING[key] ?? []);
    if (SELECTING.has(key)) this.#follow(call, 'step');
  }

  #callback(given: AnyNode, places: readonly number[]): void {
    if (given.type !== 'ArrowFunctionExpression' && given.type !== 'FunctionExpression') {
      if (places.length > 0 && given.type !== 'Literal') this.#giveUp();
      return;
    }
    if (given.type === 'FunctionExpression' && childrenOf(given).some(usesArguments))
      this.#giveUp();
    given.params.forEach((param, i) => {
      if (param.type === 'RestElement') this.#giveUp();
      else if (places.includes(i)) this.bind(param as AnyNode, 'step');
    });
  }
}

function usesArguments(node: AnyNode): boolean {
  if (node.type === 'Identifier') return node.name === 'arguments';
  return childrenOf(node).some(usesArguments);
}

function keyName(key: AnyNode, computed: boolean): string | null {
  return !computed && key.type === 'Identifier' ? key.name : literalText(key);
}

function literalText(node: AnyNode): string | null {
  if (node.type === 'TemplateLiteral' && node.expressions.length === 0) {
    return node.quasis[0]?.value.cooked ?? null;
  }
  if (node.type !== 'Literal') return null;
  return typeof node.value === 'string' || typeof node.value === 'number'
    ? String(node.value)
    : null;
}
