import type { AnyNode, MemberExpression, Property, UpdateExpression } from 'acorn';
import type { Frame } from './frame.ts';
import { isPure } from './is-pure.ts';
import { NotEvaluated } from './path.ts';
import type { Term } from './terms.ts';

/** Binds the names of a destructuring pattern to their values. @returns the value itself */
export function bind(frame: Frame, pattern: AnyNode, value: Term): Term {
  const { terms } = frame;
  switch (pattern.type) {
    case 'Identifier': {
      const variable = frame.variable(pattern);
      if (variable === null) frame.effect('setOuter', [frame.outside(pattern.name), value]);
      else frame.write(variable, value);
      return value;
    }
    case 'MemberExpression':
      frame.effect('set', [frame.evaluate(pattern.object), keyOf(frame, pattern), value]);
      return value;
    case 'AssignmentPattern':
      return bind(
        frame,
        pattern.left as AnyNode,
        defaulted(frame, value, pattern.right as AnyNode),
      );
    case 'ArrayPattern':
      pattern.elements.forEach((element, i) => {
        if (element === null) return;
        if (element.type === 'RestElement') {
          bind(
            frame,
            element.argument as AnyNode,
            terms.of('items', [value, String(i), frame.memory]),
          );
        } else bind(frame, element as AnyNode, terms.of('item', [value, String(i), frame.memory]));
      });
      return value;
    case 'ObjectPattern': {
      const taken: Term[] = [];
      for (const each of pattern.properties) {
        if (each.type === 'RestElement') {
          bind(
            frame,
            each.argument as AnyNode,
            terms.of('others', [value, frame.memory, ...taken]),
          );
          continue;
        }
        const key = keyOf(frame, each as never);
        taken.push(key);
        bind(frame, each.value as AnyNode, frame.get(value, key));
      }
      return value;
    }
    default:
      throw new NotEvaluated();
  }
}

function defaulted(frame: Frame, value: Term, fallback: AnyNode): Term {
  const { terms, path } = frame;
  const test = terms.binary('===', value, terms.undefined);
  if (isPure(fallback)) return terms.choice(test, frame.evaluate(fallback), value);
  return path.decide(test) ? frame.evaluate(fallback) : value;
}

/** Evaluates `x++`, `x--`, `++x` and `--x`. */
export function update(frame: Frame, node: UpdateExpression): Term {
  const { terms } = frame;
  const target = node.argument as AnyNode;
  const op = node.operator === '++' ? 'increment' : 'decrement';
  if (target.type === 'MemberExpression') {
    const [object, key] = [frame.evaluate(target.object), keyOf(frame, target)];
    const before = frame.get(object, key);
    const after = terms.of(op, [before]);
    frame.effect('set', [object, key, after]);
    return node.prefix ? after : terms.of('positive', [before]);
  }
  const before = frame.evaluate(target);
  const after = bind(frame, target, terms.of(op, [before]));
  return node.prefix ? after : terms.of('positive', [before]);
}

/** Returns the key of a member: `x.a` and `x['a']`, `x[1]` and `x['1']` have the same key. */
export function keyOf(frame: Frame, node: AnyNode): Term {
  const { key: named, property, computed } = node as Partial<Property & MemberExpression>;
  const key = (named ?? property) as AnyNode;
  if (!computed && key.type === 'Identifier') return frame.terms.text(key.name);
  if (key.type === 'PrivateIdentifier') return frame.terms.of('private', [key.name]);
  const value = frame.evaluate(key);
  return value.op === 'number' ? frame.terms.text(String(Number(value.args[0]))) : value;
}
