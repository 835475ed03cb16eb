/** What becomes of a record: the values of its columns, or an error code. */
export type Outcome = { readonly code: string } | { readonly values: readonly unknown[] };

/** Fields as written and as read, bytes, and what Java's reader makes of them. */
export interface ResolutionPair {
  readonly name: string;
  readonly written: readonly unknown[];
  readonly read: readonly unknown[];
  readonly bytes: readonly number[];
  readonly outcome: Outcome;
}

/** A record schema of fields. */
export function recordOf(fields: readonly unknown[]) {
  return { type: 'record', name: 'Thing', fields };
}

const refused = { code: 'INCOMPATIBLE_SCHEMA' };
const k = (type: unknown, more: object = {}) => ({ name: 'k', type, ...more });
const [a, b] = [
  { name: 'a', type: 'int' },
  { name: 'b', type: 'int' },
];
const z = (type: unknown) => ({ name: 'z', type });
const enumOf = (name: string, ...symbols: string[]) => ({ type: 'enum', name, symbols });
const fixedOf = (name: string) => ({ type: 'fixed', name, size: 1 });

/** Pairs on which two ways of reading have disagreed. Columns hold every field but `z`. */
export const resolutionPairs: readonly ResolutionPair[] = [
  {
    name: 'an enum renamed',
    written: [k(enumOf('A', 'x'))],
    read: [k(enumOf('B', 'x'))],
    bytes: [0],
    outcome: refused,
  },
  {
    name: 'a fixed renamed',
    written: [k(fixedOf('A'))],
    read: [k(fixedOf('B'))],
    bytes: [65],
    outcome: refused,
  },
  {
    name: 'an enum renamed in a union',
    written: [k(['null', enumOf('A', 'x')])],
    read: [k(['null', enumOf('B', 'x')])],
    bytes: [2, 0],
    outcome: { code: 'DECODE_FAILED' },
  },
  {
    name: 'two fields that are aliases of one',
    written: [a, b],
    read: [k('int', { aliases: ['b', 'a'] })],
    bytes: [2, 4],
    outcome: refused,
  },
  {
    name: 'a field that two can have: the alias takes it',
    written: [a],
    read: [{ ...a, default: 8 }, k('int', { aliases: ['a'] })],
    bytes: [2],
    outcome: { values: [8, 1] },
  },
  {
    name: 'an alias with a namespace, which no field has',
    written: [a],
    read: [k('int', { aliases: ['n.a'], default: 9 })],
    bytes: [2],
    outcome: { values: [9] },
  },
  {
    name: 'a field that nobody requested and that does not resolve',
    written: [k('int'), z('string')],
    read: [k('int'), z('int')],
    bytes: [2, 0],
    outcome: refused,
  },
  {
    name: 'an unknown symbol in a field that nobody requested',
    written: [k('int'), z(enumOf('E', 'x', 'y'))],
    read: [k('int'), z(enumOf('E', 'x'))],
    bytes: [2, 2],
    outcome: { code: 'DECODE_FAILED' },
  },
  {
    name: 'a default that is no exact float',
    written: [a],
    read: [k('float', { default: 0.1 })],
    bytes: [2],
    outcome: { values: [Math.fround(0.1)] },
  },
];
