import { type AvroType, logicalOf } from '../schema/avro-type.ts';

/**
 * True if two schemas describe the same bytes with the same meaning: equal names, fields in order,
 * symbols, sizes and logical types. Ignores documentation, aliases and defaults (the Parsing
 * Canonical Form of the Avro specification, and logical types).
 */
export function isSameShape(a: AvroType, b: AvroType): boolean {
  return same(a, b, new Map());
}

function same(a: AvroType, b: AvroType, assumed: Map<AvroType, Set<AvroType>>): boolean {
  if (assumed.get(a)?.has(b) === true) return true;
  assumed.set(a, (assumed.get(a) ?? new Set()).add(b));
  const inner = (x: AvroType, y: AvroType) => same(x, y, assumed);
  if (a.kind === 'record' && b.kind === 'record') {
    return (
      a.name === b.name &&
      pairwise(a.fields, b.fields, (x, y) => x.name === y.name && inner(x.type, y.type))
    );
  }
  if (a.kind === 'union' && b.kind === 'union') return pairwise(a.branches, b.branches, inner);
  if (a.kind === 'array' && b.kind === 'array') return inner(a.items, b.items);
  if (a.kind === 'map' && b.kind === 'map') return inner(a.values, b.values);
  if (a.kind === 'enum' && b.kind === 'enum') {
    return a.name === b.name && pairwise(a.symbols, b.symbols, (x, y) => x === y);
  }
  if (a.kind === 'fixed' && b.kind === 'fixed' && (a.name !== b.name || a.size !== b.size)) {
    return false;
  }
  return a.kind === b.kind && JSON.stringify(logicalOf(a)) === JSON.stringify(logicalOf(b));
}

function pairwise<Part>(
  a: readonly Part[],
  b: readonly Part[],
  equal: (x: Part, y: Part) => boolean,
): boolean {
  return a.length === b.length && a.every((x, i) => equal(x, b[i] as Part));
}
