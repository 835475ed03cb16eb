import type {
  AnyNode,
  AssignmentExpression,
  CallExpression,
  ChainExpression,
  Identifier,
  MemberExpression,
  NewExpression,
  ObjectExpression,
  TemplateLiteral,
  UnaryExpression,
} from 'acorn';
import { bind, keyOf, update } from './bind.ts';
import { type Frame, isModuleObject } from './frame.ts';
import { isPure, isPureCall, pureName } from './is-pure.ts';
import { NotEvaluated } from './path.ts';
import type { Term } from './terms.ts';

/** Evaluates an expression and adds its effects to the path. @throws NotEvaluated */
export function evaluate(frame: Frame, given: unknown): Term {
  const node = given as AnyNode;
  const { terms } = frame;
  switch (node.type) {
    case 'Identifier':
      return named(frame, node);
    case 'Literal':
      return literal(frame, node);
    case 'TemplateLiteral':
      return template(frame, node);
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return frame.analysis.evaluateFunction(frame, node);
    case 'UnaryExpression':
      return unary(frame, node);
    case 'BinaryExpression': {
      const left = evaluate(frame, node.left);
      const right = evaluate(frame, node.right);
      if (node.operator === 'in') return terms.of('in', [left, right, frame.memory]);
      return terms.binary(node.operator, left, right);
    }
    case 'LogicalExpression':
      return logical(frame, node.operator, evaluate(frame, node.left), node.right as AnyNode);
    case 'ConditionalExpression': {
      if (!isPure(node)) {
        return evaluate(
          frame,
          truth(frame, node.test as AnyNode) ? node.consequent : node.alternate,
        );
      }
      const test = evaluate(frame, node.test);
      return frame.path.choice(
        test,
        evaluate(frame, node.consequent),
        evaluate(frame, node.alternate),
      );
    }
    case 'SequenceExpression':
      node.expressions.slice(0, -1).forEach((each) => perform(frame, each));
      return evaluate(frame, node.expressions.at(-1));
    case 'ThisExpression':
      return terms.of('this', [String(frame.thisLevel)]);
    case 'SpreadElement':
      return terms.of('spread', [evaluate(frame, node.argument), frame.memory]);
    default:
      return evaluateObject(frame, node);
  }
}

function evaluateObject(frame: Frame, node: AnyNode): Term {
  const { terms } = frame;
  switch (node.type) {
    case 'MemberExpression':
      return member(frame, node);
    case 'ChainExpression':
      return chain(frame, node);
    case 'CallExpression':
      return call(frame, node);
    case 'NewExpression':
      return frame.effect('new', [evaluate(frame, node.callee), ...argumentsOf(frame, node)]);
    case 'ArrayExpression': {
      const items = node.elements.map((each) =>
        each === null ? terms.of('hole') : evaluate(frame, each),
      );
      return frame.made(node, 'array', items);
    }
    case 'ObjectExpression':
      return frame.made(node, 'object', propertiesOf(frame, node));
    case 'AssignmentExpression':
      return assignment(frame, node);
    case 'UpdateExpression':
      return update(frame, node);
    case 'AwaitExpression':
      return frame.effect('await', [evaluate(frame, node.argument)]);
    case 'YieldExpression': {
      const value = node.argument ? evaluate(frame, node.argument) : terms.undefined;
      return frame.effect(node.delegate ? 'yield*' : 'yield', [value]);
    }
    case 'TaggedTemplateExpression': {
      const { quasis, expressions } = node.quasi;
      const texts = quasis.map(({ value }) => terms.of('quasi', [value.raw, value.cooked ?? '']));
      return frame.effect('tagged', [
        evaluate(frame, node.tag),
        ...texts,
        ...expressions.map((each) => evaluate(frame, each)),
      ]);
    }
    case 'MetaProperty':
      return terms.of('meta', [node.meta.name, node.property.name]);
    default:
      throw new NotEvaluated();
  }
}

/** Evaluates an expression for its effects only. */
export function perform(frame: Frame, given: unknown): void {
  const node = given as AnyNode;
  if (isPure(node)) return;
  if (node.type === 'LogicalExpression' && node.operator !== '??') {
    if (truth(frame, node.left as AnyNode) === (node.operator === '&&')) perform(frame, node.right);
  } else if (node.type === 'ConditionalExpression') {
    perform(frame, truth(frame, node.test as AnyNode) ? node.consequent : node.alternate);
  } else if (node.type === 'SequenceExpression') {
    for (const each of node.expressions) perform(frame, each);
  } else if (node.type === 'UnaryExpression' && node.operator !== 'delete') {
    perform(frame, node.argument);
  } else evaluate(frame, node);
}

/** Decides a condition on this path. */
export function truth(frame: Frame, node: AnyNode): boolean {
  if (isPure(node)) return frame.path.decide(evaluate(frame, node));
  switch (node.type) {
    case 'LogicalExpression':
      if (node.operator === '??') break;
      return truth(frame, node.left as AnyNode) === (node.operator === '&&')
        ? truth(frame, node.right as AnyNode)
        : node.operator === '||';
    case 'UnaryExpression':
      if (node.operator !== '!') break;
      return !truth(frame, node.argument as AnyNode);
    case 'ConditionalExpression':
      return truth(
        frame,
        (truth(frame, node.test as AnyNode) ? node.consequent : node.alternate) as AnyNode,
      );
    default:
  }
  return frame.path.decide(evaluate(frame, node));
}

/** Evaluates operators whose right side is conditional, including those of `?.` and defaults. */
function logical(frame: Frame, operator: string, left: Term, right: AnyNode): Term {
  const { terms, path } = frame;
  const test = operator === '??' ? terms.nullish(left) : left;
  const usesRight = operator !== '||';
  if (isPure(right)) {
    const value = evaluate(frame, right);
    return usesRight ? path.choice(test, value, left) : path.choice(test, left, value);
  }
  return path.decide(test) === usesRight ? evaluate(frame, right) : path.settled(left);
}

function named(frame: Frame, node: Identifier): Term {
  const { terms } = frame;
  const variable = frame.variable(node);
  if (variable !== null) return frame.read(variable);
  if (node.name === 'undefined') return terms.undefined;
  if (node.name === 'Infinity' || node.name === 'NaN') return terms.number(Number(node.name));
  return frame.outside(node.name);
}

function literal({ terms }: Frame, node: Extract<AnyNode, { type: 'Literal' }>): Term {
  const { value, regex, bigint } = node;
  if (regex !== undefined && regex !== null) return terms.of('regex', [regex.pattern, regex.flags]);
  if (bigint !== undefined && bigint !== null)
    return terms.of('bigint', [BigInt(bigint).toString()]);
  if (typeof value === 'string') return terms.text(value);
  if (typeof value === 'number') return terms.number(value);
  return value === null ? terms.null : value === true ? terms.true : terms.false;
}

function template(frame: Frame, { quasis, expressions }: TemplateLiteral): Term {
  const { terms } = frame;
  return terms.template(
    quasis.flatMap(({ value }, i) => {
      const text = terms.text(value.cooked ?? value.raw);
      const expression = expressions[i];
      return expression === undefined ? [text] : [text, evaluate(frame, expression)];
    }),
  );
}

function unary(frame: Frame, node: UnaryExpression): Term {
  const { terms } = frame;
  const argument = node.argument as AnyNode;
  if (node.operator === 'delete') {
    if (argument.type !== 'MemberExpression') throw new NotEvaluated();
    const object = evaluate(frame, argument.object);
    return frame.effect('delete', [object, keyOf(frame, argument)]);
  }
  if (node.operator === '!' && !isPure(argument))
    return truth(frame, argument) ? terms.false : terms.true;
  const value = evaluate(frame, argument);
  switch (node.operator) {
    case '!':
      return terms.not(value);
    case 'void':
      return terms.undefined;
    case '-':
      if (value.op === 'number') return terms.number(-Number(value.args[0]));
      if (value.op === 'bigint')
        return terms.of('bigint', [(-BigInt(String(value.args[0]))).toString()]);
      return terms.of('negative', [value]);
    case '+':
      return value.op === 'number' ? value : terms.of('positive', [value]);
    default:
      return terms.of(node.operator, [value]);
  }
}

function member(frame: Frame, node: MemberExpression): Term {
  return imported(frame, node) ?? frame.get(evaluate(frame, node.object), keyOf(frame, node));
}

/** Returns a name imported through the object of its module. */
function imported(frame: Frame, { object, property, computed }: MemberExpression): Term | null {
  if (object.type !== 'Identifier' || computed || property.type !== 'Identifier') return null;
  if (frame.variable(object) !== null || !isModuleObject(object.name)) return null;
  return frame.terms.of('outer', [`${object.name}.${property.name}`]);
}

/**
 * Evaluates an optional chain: in `a?.b.c`, everything after `?.` is skipped if `a` is null or
 * undefined.
 */
function chain(frame: Frame, node: ChainExpression): Term {
  const { terms } = frame;
  const optional = firstOptional(node.expression as AnyNode);
  if (optional === null) return evaluate(frame, node.expression);
  const head = (optional.type === 'CallExpression' ? optional.callee : optional.object) as AnyNode;
  const inner =
    optional.type === 'CallExpression' && head.type === 'MemberExpression' ? head : null;
  const owner = inner === null ? null : evaluate(frame, inner.object);
  const value =
    owner === null || inner === null
      ? evaluate(frame, head)
      : frame.get(owner, keyOf(frame, inner));
  const test = terms.nullish(value);
  const given = new Map<AnyNode, Term>([[head, value]]);
  const rest = () => follow(frame, node.expression as AnyNode, { given, optional, owner });
  if (!isPure(node)) return frame.path.decide(test) ? terms.undefined : rest();
  return frame.path.choice(test, terms.undefined, rest());
}

interface Followed {
  readonly given: ReadonlyMap<AnyNode, Term>;
  readonly optional: AnyNode;
  /** The object whose method is called by `a.b?.()`. */
  readonly owner: Term | null;
}

function follow(frame: Frame, node: AnyNode, followed: Followed): Term {
  const known = followed.given.get(node);
  if (known !== undefined) return known;
  if (node.type === 'MemberExpression') {
    const object = follow(frame, node.object as AnyNode, followed);
    const key = keyOf(frame, node);
    if (!node.optional || node === followed.optional) return frame.get(object, key);
    return frame.path.decide(frame.terms.nullish(object))
      ? frame.terms.undefined
      : frame.get(object, key);
  }
  if (node.type !== 'CallExpression') return evaluate(frame, node);
  const callee = node.callee as AnyNode;
  if (node === followed.optional && followed.owner !== null) {
    const method = followed.given.get(callee) as Term;
    return frame.effect('apply', [method, followed.owner, ...argumentsOf(frame, node)]);
  }
  if (callee.type === 'MemberExpression' && !followed.given.has(callee)) {
    const object = follow(frame, callee.object as AnyNode, followed);
    return frame.effect('call', [object, keyOf(frame, callee), ...argumentsOf(frame, node)]);
  }
  return frame.effect('apply', [follow(frame, callee, followed), ...argumentsOf(frame, node)]);
}

function firstOptional(node: AnyNode): MemberExpression | CallExpression | null {
  if (node.type !== 'MemberExpression' && node.type !== 'CallExpression') return null;
  const inner = firstOptional(
    (node.type === 'MemberExpression' ? node.object : node.callee) as AnyNode,
  );
  return inner ?? (node.optional ? node : null);
}

function call(frame: Frame, node: CallExpression): Term {
  const callee = node.callee as AnyNode;
  const [first, ...more] = node.arguments;
  // esbuild wraps functions in this call to keep their names.
  if (callee.type === 'Identifier' && callee.name === '__name' && more.length === 1) {
    return evaluate(frame, first);
  }
  if (isPureCall(node)) {
    return frame.terms.computed(pureName(callee) as string, argumentsOf(frame, node));
  }
  if (callee.type !== 'MemberExpression' || imported(frame, callee) !== null) {
    return frame.effect('apply', [evaluate(frame, callee), ...argumentsOf(frame, node)]);
  }
  const object = evaluate(frame, callee.object);
  return frame.effect('call', [object, keyOf(frame, callee), ...argumentsOf(frame, node)]);
}

function argumentsOf(frame: Frame, node: CallExpression | NewExpression): Term[] {
  return node.arguments.map((each) => evaluate(frame, each));
}

function propertiesOf(frame: Frame, { properties }: ObjectExpression): Term[] {
  const { terms } = frame;
  return properties.map((each) => {
    if (each.type === 'SpreadElement') return evaluate(frame, each);
    const key = keyOf(frame, each);
    const isPrototype =
      !each.shorthand && !each.computed && !each.method && key === terms.text('__proto__');
    const kind = isPrototype ? 'prototype' : each.kind;
    return terms.of('property', [kind, key, evaluate(frame, each.value)]);
  });
}

function assignment(frame: Frame, node: AssignmentExpression): Term {
  const target = node.left as AnyNode;
  const { operator } = node;
  if (operator === '=') {
    if (target.type !== 'MemberExpression') return bind(frame, target, evaluate(frame, node.right));
    const object = evaluate(frame, target.object);
    const key = keyOf(frame, target);
    const value = evaluate(frame, node.right);
    frame.effect('set', [object, key, value]);
    return value;
  }
  const place =
    target.type === 'MemberExpression'
      ? ([evaluate(frame, target.object), keyOf(frame, target)] as const)
      : null;
  const before = place === null ? evaluate(frame, target) : frame.get(...place);
  const store = (value: Term) => {
    if (place === null) return bind(frame, target, value);
    frame.effect('set', [...place, value]);
    return value;
  };
  const name = operator.slice(0, -1);
  if (name !== '??' && name !== '&&' && name !== '||') {
    return store(frame.terms.binary(name, before, evaluate(frame, node.right)));
  }
  const test = name === '??' ? frame.terms.nullish(before) : before;
  if (frame.path.decide(test) !== (name !== '||')) return frame.path.settled(before);
  return store(evaluate(frame, node.right));
}
