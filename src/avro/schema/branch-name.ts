import type { AvroType, UnionType } from './avro-type.ts';

/**
 * True for unions whose values are `{ branch: value }`: those with more than one branch that is not
 * null.
 */
export function isWrapped(union: UnionType): boolean {
  return union.branches.filter((branch) => branch.kind !== 'null').length > 1;
}

/** Returns the key of a wrapped union's value: a named type's full name, otherwise the type. */
export function branchName(branch: AvroType): string {
  return 'name' in branch ? branch.name : branch.kind;
}
