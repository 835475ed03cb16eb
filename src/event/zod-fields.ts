import type { z } from 'zod';
import type { Field, FieldType } from './field-type.ts';

/** The part of a zod schema that is read here; zod 4 keeps it under `def`. */
interface Definition {
  readonly type: string;
  readonly format?: string;
  readonly innerType?: { readonly def: Definition };
  readonly out?: { readonly def: Definition };
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly checks?: readonly { readonly _zod: { readonly def: { readonly format?: string } } }[];
}

/** Returns the fields of a zod object. A field that no column can hold is of kind `other`. */
export function zodFields(schema: z.ZodObject): readonly Field[] {
  return Object.entries(schema.shape).map(([name, part]) => {
    let definition = (part as z.core.$ZodType)._zod.def as unknown as Definition;
    let nullable = false;
    for (;;) {
      if (definition.type === 'nullable' || definition.type === 'optional') nullable = true;
      const inner = definition.innerType ?? definition.out;
      if (inner === undefined) break;
      definition = inner.def;
    }
    return { name, type: fieldType(definition), nullable };
  });
}

function fieldType(definition: Definition): FieldType {
  const formats = [
    definition.format,
    ...(definition.checks ?? []).map((check) => check._zod.def.format),
  ];
  switch (definition.type) {
    case 'string':
      if (formats.includes('datetime')) return { kind: 'timestamp-millis' };
      if (formats.includes('date')) return { kind: 'date' };
      return { kind: formats.includes('uuid') ? 'uuid' : 'string' };
    case 'number':
      return { kind: formats.includes('int32') ? 'int' : 'double' };
    case 'bigint':
      return { kind: 'long' };
    case 'boolean':
      return { kind: 'boolean' };
    case 'date':
      return { kind: 'timestamp-millis' };
    case 'enum':
      return { kind: 'enum', symbols: Object.values(definition.entries ?? {}).map(String) };
    default:
      return { kind: 'other' };
  }
}
