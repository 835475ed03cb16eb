import { incompatibilitiesOf } from '../compatibility/check-compatibility.ts';
import { isPromoted } from '../compatibility/schema-comparison.ts';
import { type AvroType, unqualified } from '../schema/avro-type.ts';

/**
 * Returns the branch of a reader's union that a value of another type is read as, by Java's choice
 * (`Resolver.ReaderUnion`): the named type with the same full name, a record of the same structure
 * (preferably with the same short name), the same type, then the first that it can be promoted to.
 * Undefined if there is none.
 */
export function pickBranch(writer: AvroType, branches: readonly AvroType[]): AvroType | undefined {
  const same = branches.filter((branch) => branch.kind === writer.kind);
  const exact = 'name' in writer ? pickNamed(writer, same) : same[0];
  if (exact !== undefined) return exact;
  return branches.find((branch) => isPromoted(writer, branch));
}

type Named = Extract<AvroType, { readonly name: string }>;

function pickNamed(writer: Named, branches: readonly AvroType[]): AvroType | undefined {
  const named = branches as readonly Named[];
  const own = named.find(
    (branch) => branch.name === writer.name || branch.aliases.includes(writer.name),
  );
  if (own !== undefined) return own;
  const readable = named.filter((branch) => incompatibilitiesOf(branch, writer).length === 0);
  const short = readable.filter((branch) => unqualified(branch.name) === unqualified(writer.name));
  return short.at(-1) ?? readable[0];
}
