import type { Term, Terms } from './terms.ts';

/** Functions with more paths than this are compared by their syntax. */
const PATHS_MAX = 3000;

/**
 * Thrown for a form that the evaluation does not support, or a function that is too large. The
 * function is then compared by its syntax.
 */
export class NotEvaluated extends Error {}

/** One path through code: its effects in order, and between them the outcomes of tests. */
export class Path {
  readonly effects: Term[] = [];
  readonly tests: Term[] = [];
  readonly outcomes: boolean[] = [];
  /** Number of effects before each test. */
  readonly marks: number[] = [];
  readonly #forced: readonly boolean[];
  readonly #terms: Terms;

  constructor(forced: readonly boolean[], terms: Terms) {
    this.#forced = forced;
    this.#terms = terms;
  }

  /** Decides the outcome of a test on this path; the same test always has the same outcome. */
  decide(test: Term): boolean {
    if (test.op === 'choice') {
      const [inner, then, other] = test.args as [Term, Term, Term];
      return this.decide(this.decide(inner) ? then : other);
    }
    const literal = this.#terms.choice(test, this.#terms.true, this.#terms.false);
    if (literal === this.#terms.true || literal === this.#terms.false) return literal.op === 'true';
    const before = this.tests.indexOf(test);
    if (before >= 0) return this.outcomes[before] as boolean;
    const outcome = this.#forced[this.tests.length] ?? true;
    this.tests.push(test);
    this.outcomes.push(outcome);
    this.marks.push(this.effects.length);
    return outcome;
  }

  /**
   * Returns the term `test ? then : other` without effects; the path may already know the outcome.
   */
  choice(test: Term, then: Term, other: Term): Term {
    const before = this.tests.indexOf(test);
    if (before >= 0) return this.outcomes[before] === true ? then : other;
    return this.#terms.choice(this.settled(test), then, other);
  }

  /** Simplifies a value with the outcomes known so far. */
  settled(value: Term): Term {
    return this.tests.reduce(
      (term, test, i) => this.#terms.assume(term, test, this.outcomes[i] as boolean),
      value,
    );
  }
}

/** The number of paths that one function may still take. */
export interface Budget {
  paths: number;
}

/** Creates a budget. */
export function createBudget(): Budget {
  return { paths: PATHS_MAX };
}

/**
 * Returns all paths through code as one term: a decision tree of effects that ends in the result of
 * `run`. Paths that differ only in one operand become one path with a choice of it, as minifiers
 * write it. @throws NotEvaluated
 */
export function explore(
  terms: Terms,
  budget: Budget,
  run: (path: Path) => Term,
  forced: readonly boolean[] = [],
): Term {
  budget.paths -= 1;
  if (budget.paths < 0) throw new NotEvaluated();
  const path = new Path(forced, terms);
  const end = run(path);
  const segment = (i: number) =>
    path.effects.slice(i === 0 ? 0 : path.marks[i - 1], path.marks[i] ?? path.effects.length);
  const { tests, outcomes } = path;
  let tree = terms.of('do', [...segment(tests.length), end]);
  for (let i = tests.length - 1; i >= forced.length; i -= 1) {
    const other = explore(terms, budget, run, [...outcomes.slice(0, i), false]);
    const joined = join(terms, tests[i] as Term, [tree, other]);
    tree = terms.of('do', [...segment(i), ...joined.args]);
  }
  return tree;
}

function join(terms: Terms, test: Term, [yes, no]: readonly [Term, Term]): Term {
  if (yes === no) return yes;
  return merged(terms, test, [yes, no]) ?? terms.of('do', [terms.of('if', [test, yes, no])]);
}

/** Merges two sequences that differ in one operand of one step. */
function merged(terms: Terms, test: Term, [yes, no]: readonly [Term, Term]): Term | null {
  if (yes.args.length !== no.args.length) return null;
  const different = yes.args.flatMap((step, i) => (step === no.args[i] ? [] : [i]));
  const [at] = different;
  if (different.length !== 1 || at === undefined) return null;
  const [a, b] = [yes.args[at], no.args[at]] as [Term, Term];
  if (a.op !== b.op || a.op === 'if' || a.args.length !== b.args.length) return null;
  const operands = a.args.flatMap((operand, i) => (operand === b.args[i] ? [] : [i]));
  const [place] = operands;
  if (operands.length !== 1 || place === undefined) return null;
  const [x, y] = [a.args[place], b.args[place]];
  if (
    typeof x !== 'object' ||
    typeof y !== 'object' ||
    STRUCTURE.has(x.op) ||
    STRUCTURE.has(y.op)
  ) {
    return null;
  }
  const chosen = a.args.map((operand, i) => (i === place ? terms.choice(test, x, y) : operand));
  return terms.of(
    'do',
    yes.args.map((step, i) => (i === at ? terms.of(a.op, chosen) : step)),
  );
}

/** Terms that are not values. */
const STRUCTURE = new Set(['do', 'property', 'spread', 'hole']);
