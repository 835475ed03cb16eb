import { type AvroType, logicalOf, unqualified } from './avro-type.ts';

/**
 * Describes a type in a few words, named types by their name: `long (timestamp-millis)`, `array of
 * Item`, `null or string`.
 */
export function shortType(type: AvroType): string {
  switch (type.kind) {
    case 'array':
      return `array of ${inner(type.items)}`;
    case 'map':
      return `map of ${inner(type.values)}`;
    case 'union':
      return type.branches.length === 0 ? 'nothing' : type.branches.map(shortType).join(' or ');
    case 'record':
    case 'enum':
      return `${type.kind} ${unqualified(type.name)}`;
    case 'fixed':
      return `fixed ${unqualified(type.name)} of ${type.size}${meaning(type)}`;
    default:
      return `${type.kind}${meaning(type)}`;
  }
}

function inner(type: AvroType): string {
  return type.kind === 'union' ? `(${shortType(type)})` : shortType(type);
}

function meaning(type: AvroType): string {
  const logical = logicalOf(type);
  if (logical?.name === 'decimal') return ` (decimal ${logical.precision},${logical.scale})`;
  const declared = 'declared' in type ? type.declared : undefined;
  return declared === undefined ? '' : ` (${declared})`;
}
