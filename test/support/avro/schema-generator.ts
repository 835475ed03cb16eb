import type { Random } from './random.ts';

type Json = unknown;
type Fields = Readonly<Record<string, Json>>;

const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'];
const logical: readonly Fields[] = [
  { type: 'long', logicalType: 'timestamp-millis' },
  { type: 'long', logicalType: 'timestamp-micros' },
  { type: 'int', logicalType: 'date' },
  { type: 'string', logicalType: 'uuid' },
  { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 },
];

interface Scope {
  readonly random: Random;
  /** Full names of the types made so far: later ones may refer to them. */
  readonly names: string[];
  readonly purpose: Purpose;
}

/**
 * What the schemas are for. `verdicts`: anything. `values`: no logical types, which change what a
 * value is in TypeScript, and no alias that another type or field has for its name, a fault of the
 * schema for which Java's reader (which renames) and its checker (which looks up) disagree with
 * each other.
 */
export type Purpose = 'verdicts' | 'values';

/**
 * A random record schema as JSON: every type, unions, aliases, references to named types,
 * recursion, defaults, enums with a default.
 */
export function randomRecord(random: Random, purpose: Purpose): Fields {
  return record({ random, names: [], purpose }, 0);
}

function type(scope: Scope, depth: number): Json {
  const { random, names } = scope;
  const deep = depth > 2;
  const choice = random.below(deep ? 6 : 12);
  if (choice < 4) return random.pick(primitives);
  if (choice === 4)
    return scope.purpose === 'verdicts' ? random.pick(logical) : random.pick(primitives);
  if (choice === 5) return names.length > 0 ? random.pick(names) : 'int';
  if (choice === 6) return { type: 'array', items: type(scope, depth + 1) };
  if (choice === 7) return { type: 'map', values: type(scope, depth + 1) };
  if (choice === 8) return fixed(scope);
  if (choice === 9) return enumeration(scope);
  return choice === 10 ? record(scope, depth + 1) : union(scope, depth + 1);
}

function name(scope: Scope, pool: readonly string[]): Fields & { readonly name: string } {
  const { random, names } = scope;
  const free = pool.filter((each) => !names.some((used) => used.split('.').at(-1) === each));
  const bare = free.length > 0 ? random.pick(free) : `N${names.length}`;
  const full = `${random.pick(['n', 'n', 'm.o'])}.${bare}`;
  names.push(full);
  const aliases =
    random.below(4) === 0
      ? {
          aliases: [
            random.pick(['n.', '']) + random.pick(scope.purpose === 'verdicts' ? pool : ['P', 'Q']),
          ],
        }
      : {};
  return { name: full, ...aliases };
}

function fixed(scope: Scope): Json {
  return { type: 'fixed', ...name(scope, ['F', 'G']), size: 1 + scope.random.below(3) };
}

function enumeration(scope: Scope): Json {
  const { random } = scope;
  const symbols = ['A', 'B', 'C', 'D'].filter(() => random.below(3) > 0);
  if (symbols.length === 0) symbols.push('A');
  const fallback = random.below(2) === 0 ? { default: random.pick(symbols) } : {};
  return { type: 'enum', ...name(scope, ['E', 'H']), symbols, ...fallback };
}

function record(scope: Scope, depth: number): Fields {
  const { random } = scope;
  const named = name(scope, ['R', 'S', 'T']);
  const fields = ['a', 'b', 'c', 'd', 'e']
    .filter(() => random.below(2) > 0)
    .map((each) => field(scope, each, depth));
  return { type: 'record', ...named, fields };
}

function field(scope: Scope, each: string, depth: number): Json {
  const { random } = scope;
  // A record in itself without a way out has no value at all, so references stand in optional
  // places only.
  const made = type(scope, depth + 1);
  const shape = typeof made === 'string' && made.includes('.') ? ['null', made] : made;
  const fallback = random.below(2) === 0 ? defaultOf(shape) : undefined;
  const aliases =
    random.below(6) === 0
      ? { aliases: [random.pick(scope.purpose === 'verdicts' ? ['a', 'x', 'y', 'z'] : ['x', 'z'])] }
      : {};
  return {
    name: each,
    type: shape,
    ...(fallback === undefined ? {} : { default: fallback }),
    ...aliases,
  };
}

function union(scope: Scope, depth: number): Json {
  const seen = new Set<string>();
  const branches: Json[] = [];
  for (let count = 1 + scope.random.below(4); count > 0; count -= 1) {
    const branch = type(scope, depth);
    const id = branchId(branch);
    if (Array.isArray(branch) || seen.has(id)) continue;
    seen.add(id);
    branches.push(branch);
  }
  const recursive = branches.some((branch) => typeof branch === 'string' && branch.includes('.'));
  if (branches.length === 0 || (recursive && !seen.has('null'))) branches.unshift('null');
  return branches;
}

function branchId(branch: Json): string {
  if (typeof branch === 'string') return branch;
  const { name: named, type: kind } = branch as { name?: string; type: string };
  return named ?? kind;
}

/** A default that fits; undefined where none is easily given. */
function defaultOf(shape: Json): Json {
  if (Array.isArray(shape)) return defaultOf(shape[0]);
  const kind = typeof shape === 'string' ? shape : (shape as { type: string }).type;
  const simple: Fields = {
    null: null,
    boolean: true,
    int: 7,
    long: 8,
    float: 1.5,
    double: -2.5,
    bytes: 'ÿ\u0001',
    string: 'dé',
    array: [],
    map: {},
  };
  if (kind in simple) return simple[kind];
  return kind === 'enum' ? (shape as { symbols: string[] }).symbols[0] : undefined;
}
