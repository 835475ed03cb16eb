import type { AnyNode, Identifier } from 'acorn';
import { childrenOf, type FunctionNode } from './parse-function.ts';

/** A parameter or local variable. */
export interface Variable {
  readonly name: string;
  /** Position of its declaration in the text. */
  readonly at: number;
  /** Positions of its assignments, without its declaration. */
  readonly assignedAt: number[];
  /** The identifiers that read or assign it. */
  readonly uses: Identifier[];
  /**
   * True if its value is not known from the text alone: it is assigned, and inner functions or a
   * `catch` may see it.
   */
  isCell: boolean;
}

/** The variables that the names of a function refer to. */
export interface Scopes {
  readonly variables: ReadonlyMap<Identifier, Variable>;
  /** Names that the function does not declare itself. */
  readonly free: ReadonlySet<string>;
  readonly parents: ReadonlyMap<AnyNode, AnyNode>;
  /** True if `this` is the outer one. */
  readonly capturesThis: boolean;
}

interface Scope {
  readonly names: Map<string, Variable>;
  readonly outer: Scope | null;
  /** The function and the `try` that contain it. */
  readonly owner: AnyNode;
  readonly attempt: AnyNode | null;
}

/** Resolves the names of a function by the scoping rules of ECMAScript. */
export function resolveScopes(root: FunctionNode): Scopes {
  const resolver = new Resolver();
  resolver.visitFunction(root, null);
  const { variables, free, parents } = resolver;
  const capturesThis = root.type === 'ArrowFunctionExpression' && resolver.outerThis;
  return { variables, free, parents, capturesThis };
}

class Resolver {
  readonly variables = new Map<Identifier, Variable>();
  readonly free = new Set<string>();
  readonly parents = new Map<AnyNode, AnyNode>();
  outerThis = false;
  readonly #owners = new Map<Variable, Scope>();
  #ownThis = 0;

  visitFunction(node: AnyNode, outer: Scope | null): void {
    const { params, body, id, type } = node as FunctionNode;
    const isArrow = type === 'ArrowFunctionExpression';
    if (!isArrow) this.#ownThis += 1;
    const inner: Scope = { names: new Map(), outer, owner: node, attempt: null };
    if (id && type === 'FunctionExpression') this.#declare(id, inner);
    const scope: Scope = { ...inner, names: new Map(), outer: inner };
    for (const param of params) this.#declarePattern(param as AnyNode, scope);
    hoistedVars(body as AnyNode).forEach((name) => this.#declare(name, scope));
    if (body.type === 'BlockStatement') this.#declareBlock(body.body as AnyNode[], scope);
    for (const param of params) this.#visitIn(node, param as AnyNode, scope);
    if (body.type === 'BlockStatement') {
      this.parents.set(body, node);
      for (const each of body.body) this.#visitIn(body, each as AnyNode, scope);
    } else this.#visitIn(node, body as AnyNode, scope);
    if (!isArrow) this.#ownThis -= 1;
  }

  #visitIn(parent: AnyNode, node: AnyNode, scope: Scope): void {
    this.parents.set(node, parent);
    this.#visit(node, scope);
  }

  #visit(node: AnyNode, scope: Scope): void {
    switch (node.type) {
      case 'Identifier':
        return this.#refer(node, scope);
      case 'ThisExpression':
        // An arrow at the root has no `this` of its own.
        if (this.#ownThis === 0) this.outerThis = true;
        return;
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return this.visitFunction(node, scope);
      case 'FunctionDeclaration':
        if (node.id) this.variables.set(node.id, this.#find(node.id.name, scope) as Variable);
        return this.visitFunction(node, scope);
      case 'MemberExpression':
        this.#visitIn(node, node.object as AnyNode, scope);
        if (node.computed) this.#visitIn(node, node.property as AnyNode, scope);
        return;
      case 'Property':
      case 'MethodDefinition':
      case 'PropertyDefinition':
        if (node.computed) this.#visitIn(node, node.key as AnyNode, scope);
        if (node.value) this.#visitIn(node, node.value as AnyNode, scope);
        return;
      case 'LabeledStatement':
        return this.#visitIn(node, node.body as AnyNode, scope);
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
        return;
      case 'AssignmentExpression':
      case 'ForOfStatement':
      case 'ForInStatement':
      case 'UpdateExpression':
        this.#visitBlock(node, scope);
        this.#assign(
          (node.type === 'UpdateExpression' ? node.argument : node.left) as AnyNode,
          scope,
        );
        return;
      default:
        return this.#visitBlock(node, scope);
    }
  }

  #visitBlock(node: AnyNode, outer: Scope): void {
    const opens = [
      'BlockStatement',
      'ForStatement',
      'ForOfStatement',
      'ForInStatement',
      'CatchClause',
      'SwitchStatement',
    ];
    const attempt = node.type === 'TryStatement' ? node : outer.attempt;
    let scope = attempt === outer.attempt ? outer : { ...outer, attempt };
    if (opens.includes(node.type)) {
      scope = { ...scope, names: new Map(), outer };
      if (node.type === 'CatchClause' && node.param)
        this.#declarePattern(node.param as AnyNode, scope);
      this.#declareBlock(directIn(node), scope);
    }
    if ((node.type === 'ClassExpression' || node.type === 'ClassDeclaration') && node.id) {
      this.#declare(node.id, scope);
    }
    for (const child of childrenOf(node)) this.#visitIn(node, child, scope);
  }

  #declareBlock(nodes: readonly AnyNode[], scope: Scope): void {
    for (const node of nodes) {
      if (node.type === 'FunctionDeclaration' && node.id) this.#declare(node.id, scope);
      if (node.type === 'ClassDeclaration' && node.id) this.#declare(node.id, scope);
      if (node.type !== 'VariableDeclaration' || node.kind === 'var') continue;
      for (const { id } of node.declarations) this.#declarePattern(id as AnyNode, scope);
    }
  }

  #declarePattern(pattern: AnyNode, scope: Scope): void {
    for (const name of namesIn(pattern)) this.#declare(name, scope);
  }

  #declare(name: Identifier, scope: Scope): void {
    if (scope.names.has(name.name)) return;
    const variable: Variable = {
      name: name.name,
      at: name.start,
      assignedAt: [],
      uses: [],
      isCell: false,
    };
    scope.names.set(name.name, variable);
    this.#owners.set(variable, scope);
  }

  #find(name: string, from: Scope | null): Variable | null {
    for (let scope = from; scope !== null; scope = scope.outer) {
      const found = scope.names.get(name);
      if (found !== undefined) return found;
    }
    return null;
  }

  #refer(node: Identifier, scope: Scope): void {
    const found = this.#find(node.name, scope);
    if (found === null) {
      this.free.add(node.name);
      return;
    }
    this.variables.set(node, found);
    found.uses.push(node);
    if (this.#owners.get(found)?.owner !== scope.owner) {
      this.#shared.add(found);
      if (found.assignedAt.length > 0) found.isCell = true;
    }
  }

  readonly #shared = new Set<Variable>();

  #assign(target: AnyNode, scope: Scope): void {
    if (target.type === 'VariableDeclaration' || target.type === 'MemberExpression') return;
    for (const name of namesIn(target)) {
      const found = this.variables.get(name) ?? this.#find(name.name, scope);
      if (found === null || found === undefined) continue;
      found.assignedAt.push(name.start);
      const home = this.#owners.get(found);
      if (
        this.#shared.has(found) ||
        home?.owner !== scope.owner ||
        home.attempt !== scope.attempt
      ) {
        found.isCell = true;
      }
    }
  }
}

/** Returns the names that a destructuring pattern binds. */
function namesIn(pattern: AnyNode): Identifier[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern];
    case 'ObjectPattern':
      return pattern.properties.flatMap((each) =>
        namesIn((each.type === 'RestElement' ? each.argument : each.value) as AnyNode),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap((each) => (each === null ? [] : namesIn(each as AnyNode)));
    case 'AssignmentPattern':
      return namesIn(pattern.left as AnyNode);
    case 'RestElement':
      return namesIn(pattern.argument as AnyNode);
    default:
      return [];
  }
}

/** Returns the names declared by `var`, which belong to the whole function. */
function hoistedVars(node: AnyNode): Identifier[] {
  if (/^(Arrow)?Function|^Class/.test(node.type)) return [];
  const own =
    node.type === 'VariableDeclaration' && node.kind === 'var'
      ? node.declarations.flatMap(({ id }) => namesIn(id as AnyNode))
      : [];
  return [...own, ...childrenOf(node).flatMap(hoistedVars)];
}

/**
 * Returns the statements (and the head of a loop) whose declarations belong to the scope of a node.
 */
function directIn(node: AnyNode): AnyNode[] {
  if (node.type === 'SwitchStatement')
    return node.cases.flatMap((each) => each.consequent as AnyNode[]);
  return childrenOf(node);
}
