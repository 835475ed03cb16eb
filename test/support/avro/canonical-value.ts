import type { AvroType, RecordType, UnionType } from '../../../src/avro/schema/avro-type.ts';

/**
 * A decoded value as AvroOracle.java writes it: a letter for the kind (z boolean, i whole number, d
 * the bits of a double, s text, b bytes in hex), unions as `{ "<branch>": value }`.
 */
export function canonicalValue(type: AvroType, value: unknown): unknown {
  switch (type.kind) {
    case 'null':
      return value;
    case 'boolean':
      return `z${String(value)}`;
    case 'int':
    case 'long':
      return `i${String(value)}`;
    case 'float':
    case 'double':
      return `d${bitsOf(value as number)}`;
    case 'string':
    case 'enum':
      return `s${String(value)}`;
    case 'bytes':
    case 'fixed':
      return `b${(value as Buffer).toString('hex')}`;
    case 'array':
      return (value as unknown[]).map((item) => canonicalValue(type.items, item));
    case 'map':
      return canonicalEntries(value as object, () => type.values);
    case 'union':
      return canonicalUnion(type, value);
    case 'record':
      return canonicalEntries(value as object, (name) => fieldType(type, name));
  }
}

function fieldType(type: RecordType, name: string): AvroType {
  const found = type.fields.find((field) => field.name === name);
  if (found === undefined) throw new Error(`the value has a field ${name} that ${type.name} lacks`);
  return found.type;
}

function canonicalEntries(value: object, typeOf: (key: string) => AvroType): unknown {
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, canonicalValue(typeOf(key), part)]),
  );
}

function canonicalUnion(type: UnionType, value: unknown): unknown {
  if (value === null) return null;
  const branches = type.branches.filter((branch) => branch.kind !== 'null');
  const nameOf = (branch: AvroType) => ('name' in branch ? branch.name : branch.kind);
  const [only] = branches;
  if (branches.length === 1 && only !== undefined) {
    return { [`<${nameOf(only)}>`]: canonicalValue(only, value) };
  }
  const [[name, inner] = ['', undefined]] = Object.entries(value as object);
  const branch = branches.find((each) => nameOf(each) === name);
  if (branch === undefined) throw new Error(`the value has a branch ${name} that the union lacks`);
  return { [`<${name}>`]: canonicalValue(branch, inner) };
}

function bitsOf(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}
