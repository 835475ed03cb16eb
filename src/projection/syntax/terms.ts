/** What a part of a function computes. Equal terms are one object, whatever their source text. */
export interface Term {
  readonly op: string;
  readonly args: readonly (Term | string)[];
}

/**
 * Creates terms, one object for equal ones, and simplifies forms that compilers and minifiers write
 * in several ways.
 */
export class Terms {
  readonly #known = new Map<string, Term>();
  readonly #ids = new Map<Term, number>();
  readonly undefined = this.of('undefined');
  readonly null = this.of('null');
  readonly true = this.of('true');
  readonly false = this.of('false');

  /**
   * Returns the term of an operation. `identity`: terms with different identities differ even if
   * all else is equal, as two objects do.
   */
  of(op: string, args: readonly (Term | string)[] = [], identity = ''): Term {
    const parts = args.map((arg) =>
      typeof arg === 'string' ? JSON.stringify(arg) : this.#ids.get(arg),
    );
    const key = `${op} ${identity} ${parts.join(' ')}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const term: Term = { op, args };
    this.#known.set(key, term);
    this.#ids.set(term, this.#ids.size);
    return term;
  }

  text(value: string): Term {
    return this.of('string', [value]);
  }

  number(value: number): Term {
    return this.of('number', [Object.is(value, -0) ? '-0' : String(value)]);
  }

  not(term: Term): Term {
    return this.choice(term, this.false, this.true);
  }

  /**
   * Returns the term `test ? then : other` without effects. Splits tests, so that `!`, `&&` and
   * `||` become choices between choices.
   */
  choice(test: Term, then: Term, other: Term): Term {
    const known = truthOf(test);
    if (known !== null) return known ? then : other;
    if (test.op === 'choice') {
      const [inner, yes, no] = test.args as [Term, Term, Term];
      return this.choice(
        inner,
        this.choice(yes, this.assume(then, inner, true), this.assume(other, inner, true)),
        this.choice(no, this.assume(then, inner, false), this.assume(other, inner, false)),
      );
    }
    const [a, b] = [this.assume(then, test, true), this.assume(other, test, false)];
    if (a === b) return a;
    if (a === this.true && b === this.false && isBoolean(test)) return test;
    return this.#nullish(test, a, b) ?? this.of('choice', [test, a, b]);
  }

  /** Simplifies a term with the known outcome of a test. */
  assume(term: Term, test: Term, outcome: boolean, depth = 0): Term {
    if (term === test && isBoolean(test)) return outcome ? this.true : this.false;
    if (term.op !== 'choice' || depth > 12) return term;
    const [inner, then, other] = term.args as [Term, Term, Term];
    if (inner === test) return this.assume(outcome ? then : other, test, outcome, depth + 1);
    const [a, b] = [then, other].map((each) => this.assume(each, test, outcome, depth + 1));
    return a === then && b === other ? term : this.choice(inner, a as Term, b as Term);
  }

  /** `x === null || x === undefined` is `x == null`. */
  #nullish(test: Term, then: Term, other: Term): Term | null {
    if (test.op !== '===' || (other.op !== 'choice' && other.op !== '===')) return null;
    const [value, compared] = test.args as [Term, Term];
    const rest = compared === this.null ? this.undefined : this.null;
    if (compared !== this.null && compared !== this.undefined) return null;
    const second = this.of('===', [value, rest]);
    const [inner, yes, no] = (other.op === '===' ? [other, this.true, this.false] : other.args) as [
      Term,
      Term,
      Term,
    ];
    if (inner !== second || yes !== then) return null;
    return this.choice(this.nullish(value), then, no);
  }

  /** Returns the test whether a value is null or undefined. */
  nullish(value: Term): Term {
    if (value === this.null || value === this.undefined) return this.true;
    if (isLiteral(value) || SOLID.has(value.op) || isBoolean(value)) return this.false;
    if (value.op !== 'choice') return this.of('isNullish', [value]);
    const [test, then, other] = value.args as [Term, Term, Term];
    return this.choice(test, this.nullish(then), this.nullish(other));
  }

  /** Returns the call of a pure function of the language. */
  computed(name: string, given: readonly Term[]): Term {
    const [only] = given;
    if (name === 'String' && given.length === 1 && only !== undefined && isString(only))
      return only;
    return this.of('computed', [name, ...given]);
  }

  /** Returns a binary operation. Constants are computed, as minifiers do. */
  binary(operator: string, left: Term, right: Term): Term {
    switch (operator) {
      case '!=':
      case '!==':
        return this.not(this.binary(operator.replace('!', '='), left, right));
      case '==':
      case '===':
        return this.#equality(operator, left, right);
      case '+':
        return this.#sum(left, right);
      case '<':
      case '>':
        // `typeof x > 'u'` is how minifiers write `typeof x === 'undefined'`.
        if (left.op === 'typeof' && right.op === 'string' && right.args[0] === 'u') {
          const isUndefined = this.binary('===', left, this.text('undefined'));
          return operator === '>' ? isUndefined : this.not(isUndefined);
        }
        break;
      default:
    }
    return this.#folded(operator, left, right) ?? this.of(operator, [left, right]);
  }

  #equality(operator: string, left: Term, right: Term): Term {
    if (isLiteral(left) && !isLiteral(right)) return this.#equality(operator, right, left);
    if (operator === '==' && (right === this.null || right === this.undefined)) {
      return this.nullish(left);
    }
    if (isLiteral(left) && isLiteral(right) && (operator === '===' || left.op === right.op)) {
      const isEqual = left === right && left.args[0] !== 'NaN';
      return isEqual ? this.true : this.false;
    }
    const isOneType = [isString, isBoolean].some((isType) => isType(left) && isType(right));
    return this.of(isOneType ? '===' : operator, [left, right]);
  }

  #folded(operator: string, left: Term, right: Term): Term | null {
    if (left.op !== 'number' || right.op !== 'number') return null;
    const [a, b] = [Number(left.args[0]), Number(right.args[0])];
    const value = ARITHMETIC[operator]?.(a, b);
    if (value !== undefined) return this.number(value);
    const holds = ORDER[operator]?.(a, b);
    return holds === undefined ? null : holds ? this.true : this.false;
  }

  /** Returns `+` of texts: adjacent literals and templates are joined. */
  #sum(left: Term, right: Term): Term {
    const isText = (term: Term) => term.op === 'string' || term.op === 'template';
    if (isText(left) && isText(right)) return this.template([left, right]);
    const last = left.args[1] as Term;
    if (left.op === '+' && isText(last) && isText(right)) {
      return this.of('+', [left.args[0] as Term, this.template([last, right])]);
    }
    return this.#folded('+', left, right) ?? this.of('+', [left, right]);
  }

  /** Returns a template: several parts, each converted to a string. */
  template(parts: readonly Term[]): Term {
    const flat = parts.flatMap((part) => (part.op === 'template' ? (part.args as Term[]) : [part]));
    const merged: Term[] = [];
    for (const part of flat) {
      const text = LITERAL_TEXT[part.op]?.(part);
      const before = merged.at(-1);
      if (text === undefined) merged.push(part);
      else if (before?.op === 'string')
        merged.splice(-1, 1, this.text(`${String(before.args[0])}${text}`));
      else if (text !== '') merged.push(this.text(text));
    }
    if (merged.length === 0) return this.text('');
    const [only] = merged;
    return merged.length === 1 && only?.op === 'string' ? only : this.of('template', merged);
  }
}

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '**': (a, b) => a ** b,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
  '>>>': (a, b) => a >>> b,
};

const ORDER: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
};

/** Operations whose values are neither null nor undefined. */
const SOLID = new Set(
  'array function negative object positive regex template typeof computed increment decrement + - * / % ** & | ^ << >> >>> ~'.split(
    ' ',
  ),
);

function isString(term: Term): boolean {
  if (term.op === 'choice') return (term.args.slice(1) as Term[]).every(isString);
  return term.op === 'string' || term.op === 'template' || term.op === 'typeof';
}

const LITERAL_TEXT: Readonly<Record<string, (term: Term) => string>> = {
  string: ({ args }) => String(args[0]),
  bigint: ({ args }) => String(args[0]),
  number: ({ args }) => String(Number(args[0])),
  undefined: ({ op }) => op,
  null: ({ op }) => op,
  true: ({ op }) => op,
  false: ({ op }) => op,
};

const COMPARING = new Set([
  '===',
  '==',
  '<',
  '>',
  '<=',
  '>=',
  'isNullish',
  'in',
  'instanceof',
  'true',
  'false',
]);

function isBoolean(term: Term): boolean {
  if (term.op !== 'choice') return COMPARING.has(term.op);
  return (term.args.slice(1) as Term[]).every(isBoolean);
}

function isLiteral({ op }: Term): boolean {
  return op in LITERAL_TEXT;
}

/** Returns the truth value of a term; null if it is unknown. */
function truthOf({ op, args: [value] }: Term): boolean | null {
  if (op === 'string') return value !== '';
  if (op === 'number') return Number(value) !== 0 && value !== 'NaN';
  if (op === 'bigint') return value !== '0';
  if (op === 'undefined' || op === 'null' || op === 'false') return false;
  return op === 'true' || op === 'typeof' || op === 'function' || op === 'object' || op === 'array'
    ? true
    : null;
}
