import { incompatibilitiesOf } from '../compatibility/check-compatibility.ts';
import { isPromoted, sameName } from '../compatibility/schema-comparison.ts';
import { type AvroType, type UnionType, unqualified } from '../schema/avro-type.ts';

/**
 * Returns the type that a writer's value is read as: the reader's, or one branch of its union, by
 * Java's choice (`Resolver.ReaderUnion`): the named type with the same full name, a record of the
 * same structure (preferably with the same short name), the same type, then the first that it can
 * be promoted to. @throws Error naming the types if they do not resolve
 */
export function targetType(
  writer: Exclude<AvroType, UnionType>,
  reader: AvroType,
): Exclude<AvroType, UnionType> {
  const target = reader.kind === 'union' ? pickBranch(writer, reader.branches) : reader;
  if (target === undefined || target.kind === 'union' || !resolves(writer, target)) {
    throw new Error(`written as ${described(writer)}, read as ${described(target ?? reader)}`);
  }
  return target;
}

function resolves(writer: AvroType, target: AvroType): boolean {
  if (!('name' in writer && 'name' in target) || writer.kind !== target.kind) {
    return writer.kind === target.kind || isPromoted(writer, target);
  }
  const sizes = writer.kind !== 'fixed' || target.kind !== 'fixed' || writer.size === target.size;
  return sizes && sameName(target, writer);
}

function described(type: AvroType): string {
  return 'name' in type ? `${type.kind} ${type.name}` : type.kind;
}

function pickBranch(writer: AvroType, branches: readonly AvroType[]): AvroType | undefined {
  const same = branches.filter((branch) => branch.kind === writer.kind);
  const exact = 'name' in writer ? pickNamed(writer, same) : same[0];
  if (exact !== undefined) return exact;
  return branches.find((branch) => isPromoted(writer, branch));
}

type Named = Extract<AvroType, { readonly name: string }>;

function pickNamed(writer: Named, branches: readonly AvroType[]): AvroType | undefined {
  const named = branches as readonly Named[];
  const own =
    named.find((branch) => branch.name === writer.name) ??
    named.find((branch) => branch.aliases.includes(writer.name));
  if (own !== undefined) return own;
  const readable = named.filter((branch) => incompatibilitiesOf(branch, writer).length === 0);
  const short = readable.filter((branch) => unqualified(branch.name) === unqualified(writer.name));
  return short.at(-1) ?? readable[0];
}
