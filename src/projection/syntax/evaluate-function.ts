import type {
  AnyNode,
  DoWhileStatement,
  ForInStatement,
  ForOfStatement,
  ForStatement,
  SwitchStatement,
  TryStatement,
  WhileStatement,
} from 'acorn';
import { bind } from './bind.ts';
import { evaluate, perform, truth } from './evaluate.ts';
import type { Frame, Target } from './frame.ts';
import type { FunctionNode } from './parse-function.ts';
import { NotEvaluated } from './path.ts';
import type { Variable } from './scopes.ts';
import type { Term } from './terms.ts';

/**
 * Executes statements on one path. @returns the term that ended it early: `return`, `throw` or a
 * jump; null: execution reached the end
 */
function execute(
  frame: Frame,
  statements: readonly AnyNode[],
  labels: readonly string[] = [],
): Term | null {
  for (const node of statements) {
    if (node.type !== 'FunctionDeclaration') continue;
    const variable = node.id ? frame.variable(node.id) : null;
    if (variable !== null) frame.hoisted.set(variable, node as unknown as FunctionNode);
  }
  for (const node of statements) {
    const end = statement(frame, node, labels);
    if (end !== null) return end;
  }
  return null;
}

function statement(frame: Frame, node: AnyNode, labels: readonly string[]): Term | null {
  const { terms, path } = frame;
  switch (node.type) {
    case 'ExpressionStatement':
      perform(frame, node.expression as AnyNode);
      return null;
    case 'VariableDeclaration':
      for (const { id, init } of node.declarations) {
        if (init || node.kind !== 'var') {
          bind(frame, id as AnyNode, init ? evaluate(frame, init) : terms.undefined);
        }
      }
      return null;
    case 'ReturnStatement': {
      const value = node.argument ? evaluate(frame, node.argument) : terms.undefined;
      return terms.of('return', [path.settled(value)]);
    }
    case 'ThrowStatement':
      return terms.of('throw', [path.settled(evaluate(frame, node.argument))]);
    case 'IfStatement': {
      const branch = truth(frame, node.test as AnyNode) ? node.consequent : node.alternate;
      return branch ? execute(frame, [branch as AnyNode]) : null;
    }
    case 'BlockStatement':
      return leave(frame, labels, (inner) => execute(inner, node.body as AnyNode[]));
    case 'LabeledStatement':
      return statement(frame, node.body as AnyNode, [...labels, node.label.name]);
    case 'BreakStatement':
    case 'ContinueStatement':
      return jump(frame, node.type === 'ContinueStatement', node.label?.name ?? null);
    case 'EmptyStatement':
    case 'DebuggerStatement':
    case 'FunctionDeclaration':
      return null;
    case 'SwitchStatement':
      return leave(frame, labels, (inner) => switched(inner, node), true);
    case 'TryStatement':
      return attempt(frame, node);
    default:
      return loop(frame, node, labels);
  }
}

/** Returns the term of a jump: its target and the values that it carries. */
function jump(frame: Frame, isContinue: boolean, label: string | null): Term {
  const target = frame.target(label, isContinue);
  return jumpTo(frame, target, isContinue ? 'continue' : 'break');
}

function jumpTo({ terms, env }: Frame, { id, carried }: Target, op: 'continue' | 'break'): Term {
  return terms.of(op, [id, ...carried.map((each) => env.get(each) ?? terms.undefined)]);
}

/** Executes a statement that `break` can leave but that is not a loop. */
function leave(
  frame: Frame,
  labels: readonly string[],
  run: (inner: Frame) => Term | null,
  isSwitch = false,
): Term | null {
  if (labels.length === 0 && !isSwitch) return run(frame);
  const id = `block ${frame.targets.length}`;
  const target: Target = { id, labels, kind: isSwitch ? 'switch' : 'block', carried: [] };
  const targets = frame.targets as Target[];
  targets.push(target);
  const end = run(frame);
  targets.pop();
  const isOwn = end !== null && end.op === 'break' && end.args[0] === id;
  return isOwn ? null : end;
}

function switched(frame: Frame, { discriminant, cases }: SwitchStatement): Term | null {
  const value = evaluate(frame, discriminant);
  let at = -1;
  for (const [i, { test }] of cases.entries()) {
    if (at >= 0 || !test) continue;
    if (frame.path.decide(frame.terms.binary('===', value, evaluate(frame, test)))) at = i;
  }
  if (at < 0) at = cases.findIndex(({ test }) => !test);
  if (at < 0) return null;
  return execute(
    frame,
    cases.slice(at).flatMap(({ consequent }) => consequent as AnyNode[]),
  );
}

function attempt(frame: Frame, { block, handler, finalizer }: TryStatement): Term | null {
  const { terms } = frame;
  const part = (body: readonly unknown[], before: (inner: Frame) => void = () => undefined) =>
    frame.inside({}, (inner) => {
      before(inner);
      return execute(inner, body as AnyNode[]) ?? terms.of('end');
    });
  const none = terms.of('none');
  frame.effect('try', [
    part(block.body),
    handler
      ? part(handler.body.body, (inner) => {
          if (handler.param)
            bind(inner, handler.param as AnyNode, terms.of('caught', [String(inner.level)]));
        })
      : none,
    finalizer ? part(finalizer.body) : none,
  ]);
  return null;
}

function loop(frame: Frame, node: AnyNode, labels: readonly string[]): Term | null {
  switch (node.type) {
    case 'ForStatement':
      if (node.init) {
        if (node.init.type === 'VariableDeclaration') statement(frame, node.init, []);
        else perform(frame, node.init as AnyNode);
      }
      return repeat(frame, node, labels, 'loop');
    case 'WhileStatement':
    case 'DoWhileStatement':
      return repeat(frame, node, labels, 'loop');
    case 'ForOfStatement':
      return repeat(frame, node, labels, node.await ? 'awaitEach' : 'each');
    case 'ForInStatement':
      return repeat(frame, node, labels, 'eachKey');
    default:
      throw new NotEvaluated();
  }
}

type Loop = ForStatement | WhileStatement | DoWhileStatement | ForOfStatement | ForInStatement;

/**
 * Evaluates a loop as one effect: what one iteration does, given the variables that are carried
 * from one to the next.
 */
function repeat(frame: Frame, node: Loop, labels: readonly string[], op: string): Term | null {
  const { terms } = frame;
  const carried = carriedBy(frame, node);
  const over = 'right' in node ? [evaluate(frame, node.right)] : [];
  const initial = carried.map((each) => frame.env.get(each) ?? terms.undefined);
  const target: Target = { id: String(frame.level + 1), labels, kind: 'loop', carried };
  const body = frame.inside({ targets: [...frame.targets, target] }, (inner) => {
    carried.forEach((each, i) => {
      inner.env.set(each, terms.of('carried', [String(inner.level), String(i)]));
    });
    return iteration(inner, node, target);
  });
  const result = frame.effect(op, [...over, body, ...initial]);
  carried.forEach((each, i) => {
    frame.env.set(each, terms.of('after', [result, String(i)]));
  });
  return null;
}

function iteration(inner: Frame, node: Loop, target: Target): Term {
  const isOver = 'right' in node;
  if (isOver) {
    const item = inner.terms.of('each', [String(inner.level)]);
    const { left } = node;
    bind(
      inner,
      (left.type === 'VariableDeclaration' ? left.declarations[0]?.id : left) as AnyNode,
      item,
    );
  } else if (node.type !== 'DoWhileStatement' && node.test && !truth(inner, node.test as AnyNode)) {
    return jumpTo(inner, target, 'break');
  }
  const end = execute(inner, [node.body as AnyNode]);
  const goesOn = end === null || (end.op === 'continue' && end.args[0] === target.id);
  if (!goesOn) return end as Term;
  if (node.type === 'ForStatement' && node.update) perform(inner, node.update as AnyNode);
  if (node.type === 'DoWhileStatement' && !truth(inner, node.test as AnyNode)) {
    return jumpTo(inner, target, 'break');
  }
  return jumpTo(inner, target, 'continue');
}

/** Returns the outer variables that an iteration changes, in the order of their first change. */
function carriedBy({ analysis }: Frame, node: Loop): readonly Variable[] {
  const from =
    node.type === 'ForStatement' ? (node.test ?? node.update ?? node.body).start : node.start;
  const isInside = (at: number) => at >= from && at < node.end;
  const first = (variable: Variable) => Math.min(...variable.assignedAt.filter(isInside));
  return [...new Set(analysis.scopes.variables.values())]
    .filter((each) => !each.isCell && !isInside(each.at) && each.assignedAt.some(isInside))
    .sort((a, b) => first(a) - first(b));
}

/** Evaluates a function inside another, by what its paths do. */
export function evaluateFunction(frame: Frame, node: FunctionNode): Term {
  const { terms } = frame;
  const isArrow = node.type === 'ArrowFunctionExpression';
  const thisLevel = isArrow ? frame.thisLevel : frame.level + 1;
  const body = frame.inside({ thisLevel, targets: [] }, (inner) => {
    node.params.forEach((param, i) => {
      const isRest = param.type === 'RestElement';
      const op = isRest ? 'parameters' : 'parameter';
      bind(
        inner,
        (isRest ? param.argument : param) as AnyNode,
        terms.of(op, [String(inner.level), String(i)]),
      );
    });
    if (node.body.type !== 'BlockStatement') {
      return terms.of('return', [inner.path.settled(evaluate(inner, node.body))]);
    }
    const end = execute(inner, node.body.body as AnyNode[]);
    return end ?? terms.of('return', [terms.undefined]);
  });
  const kind = `${node.async ? 'async ' : ''}${node.generator ? 'generator' : ''}`;
  return terms.of('function', [kind, body]);
}
