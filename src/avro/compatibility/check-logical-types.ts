import { RepriseError } from '../../reprise-error.ts';
import { type AvroType, logicalOf } from '../schema/avro-type.ts';
import { sourceFields } from './source-fields.ts';

/**
 * Refuses changes of logical types that Avro resolves silently to wrong values: another decimal
 * scale, micros read as millis.
 * @throws INCOMPATIBLE_SCHEMA
 */
export function checkLogicalTypes(writer: AvroType, reader: AvroType, origin: string): void {
  check(writer, reader, origin, new Set());
}

function check(writer: AvroType, reader: AvroType, place: string, seen: Set<AvroType>): void {
  if (seen.has(reader)) return;
  if (reader.kind === 'record') seen.add(reader);
  if (reader.kind === 'union' || writer.kind === 'union') {
    for (const from of branchesOf(writer)) {
      for (const to of branchesOf(reader)) {
        if (from.kind === to.kind) check(from, to, place, seen);
      }
    }
    return;
  }
  if (reader.kind === 'array' && writer.kind === 'array') {
    check(writer.items, reader.items, place, seen);
  } else if (reader.kind === 'map' && writer.kind === 'map') {
    check(writer.values, reader.values, place, seen);
  } else if (reader.kind === 'record' && writer.kind === 'record') {
    const sources = sourceFields(writer, reader);
    reader.fields.forEach(({ name, type }, index) => {
      const from = sources[index];
      if (from !== undefined) check(from.type, type, `${place}, field ${name}`, seen);
    });
  } else {
    refuseOther(writer, reader, place);
  }
}

function refuseOther(writer: AvroType, reader: AvroType, place: string): void {
  const from = logicalOf(writer);
  const to = logicalOf(reader);
  if (from === null || to === null) return;
  const scales = from.name === 'decimal' && to.name === 'decimal' && from.scale !== to.scale;
  if (from.name === to.name && !scales) return;
  throw new RepriseError(
    'INCOMPATIBLE_SCHEMA',
    `${place}: written as ${describe(from)}, read as ${describe(to)}, which would give wrong values. Add a new field for the new type.`,
  );
}

function describe(logical: NonNullable<ReturnType<typeof logicalOf>>): string {
  return logical.name === 'decimal' ? `decimal of scale ${logical.scale}` : logical.name;
}

function branchesOf(type: AvroType): readonly AvroType[] {
  return type.kind === 'union' ? type.branches : [type];
}
