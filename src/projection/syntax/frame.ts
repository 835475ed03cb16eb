import type { AnyNode, Identifier } from 'acorn';
import type { FunctionNode } from './parse-function.ts';
import { type Budget, explore, NotEvaluated, type Path } from './path.ts';
import type { Scopes, Variable } from './scopes.ts';
import type { Term, Terms } from './terms.ts';

/** State that all frames of one function's analysis share. */
export interface Analysis {
  readonly terms: Terms;
  readonly scopes: Scopes;
  readonly budget: Budget;
  /**
   * Evaluates an expression. A callback, because the evaluations of expressions and of functions
   * call each other.
   */
  readonly evaluate: (frame: Frame, node: AnyNode) => Term;
  readonly evaluateFunction: (frame: Frame, node: FunctionNode) => Term;
}

/** A loop, switch or labelled block around a statement that `break` and `continue` may refer to. */
export interface Target {
  /** Identity of the target in terms, because builds rename labels. */
  readonly id: string;
  readonly labels: readonly string[];
  readonly kind: 'loop' | 'switch' | 'block';
  /** Variables that are carried from one iteration to the next. */
  readonly carried: readonly Variable[];
}

/** Global names of the language, which no build renames. */
const GLOBALS = new Set(
  `Array ArrayBuffer AggregateError BigInt BigInt64Array BigUint64Array Boolean Buffer DataView Date Error EvalError FinalizationRegistry
  Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError
  ReferenceError Reflect RegExp Set SharedArrayBuffer String Symbol SyntaxError TextDecoder TextEncoder TypeError URIError URL URLSearchParams
  Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet Temporal arguments atob btoa console crypto decodeURI
  decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt performance process queueMicrotask
  setImmediate setInterval setTimeout clearTimeout clearInterval clearImmediate structuredClone undefined unescape`.split(
    /\s+/,
  ),
);

/** True if a name that a function does not declare is a global of the language. */
export function isGlobal(name: string): boolean {
  return GLOBALS.has(name);
}

/**
 * Names that tsc, esbuild and Vite give to the object of an imported module in CommonJS and in dev
 * servers.
 */
const MODULE_OBJECT = /^(?:__vi(?:te_ssr)?_import_\d+__|import_\w+|\w+_\d+)$/;

/** True if a name stands for an imported module, so that a property of it is an imported name. */
export function isModuleObject(name: string): boolean {
  return MODULE_OBJECT.test(name);
}

/** The state on one path through one function or loop. */
export class Frame {
  readonly terms: Terms;
  readonly env: Map<Variable, Term>;
  /** Depth of functions and loops, which distinguishes their parameters, results and memory. */
  readonly level: number;
  readonly thisLevel: number;
  readonly targets: readonly Target[];
  readonly path: Path;
  readonly analysis: Analysis;
  /** Function declarations that are evaluated at their first use. */
  readonly hoisted: Map<Variable, FunctionNode>;
  readonly #made = new Map<AnyNode, number>();

  constructor(path: Path, analysis: Analysis, from: Partial<Frame> & { readonly level: number }) {
    this.path = path;
    this.analysis = analysis;
    this.terms = analysis.terms;
    this.level = from.level;
    this.thisLevel = from.thisLevel ?? from.level;
    this.targets = from.targets ?? [];
    this.env = new Map(from.env ?? []);
    this.hoisted = new Map(from.hoisted ?? []);
  }

  /**
   * Evaluates all paths through code inside this frame as one term. `from`: properties that differ
   * there.
   */
  inside(from: Partial<Frame>, run: (frame: Frame) => Term): Term {
    const { terms, budget } = this.analysis;
    const { env, hoisted, thisLevel, targets } = this;
    const level = this.level + 1;
    return explore(terms, budget, (path) =>
      run(new Frame(path, this.analysis, { env, hoisted, thisLevel, targets, ...from, level })),
    );
  }

  evaluate(node: unknown): Term {
    return this.analysis.evaluate(this, node as AnyNode);
  }

  /** Version of the memory: reads before and after an effect differ. */
  get memory(): string {
    return `${this.level}.${this.path.effects.length}`;
  }

  /** Adds an effect and returns the term of its result. */
  effect(op: string, args: readonly (Term | string)[]): Term {
    const result = this.terms.of('result', [this.memory]);
    this.path.effects.push(this.terms.of(op, args));
    return result;
  }

  /** Adds a new object. It equals no other object, whatever it holds. */
  made(node: AnyNode, op: string, args: readonly Term[]): Term {
    const times = this.#made.get(node) ?? 0;
    this.#made.set(node, times + 1);
    return this.terms.of(op, args, `${node.start}.${this.level}.${times}`);
  }

  get(object: Term, key: Term): Term {
    return this.terms.of('get', [object, key, this.memory]);
  }

  /** Returns the variable that a name stands for; null if the function does not declare it. */
  variable(name: Identifier): Variable | null {
    return this.analysis.scopes.variables.get(name) ?? null;
  }

  read(variable: Variable): Term {
    if (variable.isCell) return this.get(this.place(variable), this.terms.text(''));
    const found = this.env.get(variable);
    if (found !== undefined) return found;
    const declared = this.hoisted.get(variable);
    if (declared === undefined) return this.place(variable);
    this.hoisted.delete(variable);
    const made = this.analysis.evaluateFunction(this, declared);
    this.env.set(variable, made);
    return made;
  }

  write(variable: Variable, value: Term): void {
    if (variable.isCell) this.effect('set', [this.place(variable), this.terms.text(''), value]);
    else this.env.set(variable, value);
  }

  /** Returns the term of a variable whose value is not known from the text. */
  place(variable: Variable): Term {
    return this.terms.of('variable', [], `${variable.at}`);
  }

  /**
   * Returns the term of an outer name. Minifiers and bundlers rename those, so only their identity
   * counts.
   */
  outside(name: string): Term {
    return this.terms.of(isGlobal(name) ? 'global' : 'outer', [name]);
  }

  target(label: string | null, isContinue: boolean): Target {
    const found = this.targets.findLast((each) =>
      label === null
        ? each.kind === 'loop' || (each.kind === 'switch' && !isContinue)
        : each.labels.includes(label),
    );
    if (found === undefined) throw new NotEvaluated();
    return found;
  }
}
