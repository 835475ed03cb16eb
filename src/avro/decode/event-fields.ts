import type { Field, FieldType } from '../../event/field-type.ts';
import { type AvroType, logicalOf, type RecordType } from '../schema/avro-type.ts';

/** Returns the fields of a record schema, as projections see them. */
export function eventFields(record: RecordType): readonly Field[] {
  return record.fields.map((field) => {
    const branches = field.type.kind === 'union' ? field.type.branches : [field.type];
    const values = branches.filter((branch) => branch.kind !== 'null');
    const only = values.length === 1 ? (values[0] as AvroType) : null;
    return {
      name: field.name,
      type: only === null ? { kind: 'other' as const } : fieldType(only),
      nullable: values.length < branches.length,
    };
  });
}

function fieldType(type: AvroType): FieldType {
  const logical = logicalOf(type);
  if (logical?.name === 'decimal') {
    return { kind: 'decimal', precision: logical.precision, scale: logical.scale };
  }
  if (logical !== null) return { kind: logical.name };
  switch (type.kind) {
    case 'enum':
      return { kind: 'enum', symbols: type.symbols };
    case 'fixed':
      return { kind: 'bytes' };
    case 'string':
    case 'bytes':
    case 'boolean':
    case 'int':
    case 'long':
    case 'float':
    case 'double':
      return { kind: type.kind };
    default:
      return { kind: 'other' };
  }
}
