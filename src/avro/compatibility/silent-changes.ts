import { type AvroType, type Logical, logicalOf, type RecordType } from '../schema/avro-type.ts';
import { pointerOf, type SilentChange, type SilentChangeType } from './incompatibility.ts';
import { matchingFields, sameName } from './schema-comparison.ts';

type Place = readonly string[];

/** Returns the changes between two schemas that Avro resolves silently to wrong values. */
export function silentChanges(reader: AvroType, writer: AvroType): readonly SilentChange[] {
  const found: SilentChange[] = [];
  collect({ seen: new Map(), found }, reader, writer, []);
  return found;
}

interface Walk {
  readonly seen: Map<AvroType, Set<AvroType>>;
  readonly found: SilentChange[];
}

function collect(walk: Walk, reader: AvroType, writer: AvroType, place: Place): void {
  const writers = walk.seen.get(reader) ?? new Set();
  if (writers.has(writer)) return;
  walk.seen.set(reader, writers.add(writer));
  if (writer.kind === 'union') {
    for (const from of writer.branches) collect(walk, reader, from, place);
  } else if (reader.kind === 'union') {
    reader.branches.forEach((to, index) => {
      if (to.kind === writer.kind && named(to, writer)) {
        collect(walk, to, writer, [...place, String(index)]);
      }
    });
  } else if (reader.kind === 'array' && writer.kind === 'array') {
    collect(walk, reader.items, writer.items, [...place, 'items']);
  } else if (reader.kind === 'map' && writer.kind === 'map') {
    collect(walk, reader.values, writer.values, [...place, 'values']);
  } else if (reader.kind === 'record' && writer.kind === 'record') {
    collectFields(walk, reader, writer, place);
  } else {
    const change = logicalChange(reader, writer);
    if (change !== null) walk.found.push({ ...change, location: pointerOf(place) });
  }
}

function collectFields(walk: Walk, reader: RecordType, writer: RecordType, place: Place): void {
  const read = new Set(reader.fields.flatMap((field) => matchingFields(writer, field)));
  const dropped = writer.fields.filter((field) => !read.has(field));
  reader.fields.forEach((field, index) => {
    const at = [...place, 'fields', String(index)];
    const [from] = matchingFields(writer, field);
    if (from !== undefined) {
      if (from.pii !== undefined && field.pii === undefined) {
        walk.found.push({
          type: 'PII_MARK_REMOVED',
          location: pointerOf(at),
          message: `field ${field.name} is no longer "pii": what was encrypted is read as ciphertext. Keep the mark, or add a new field.`,
        });
      }
      collect(walk, field.type, from.type, [...at, 'type']);
      return;
    }
    const twin = dropped.find((candidate) => alike(field.type, candidate.type));
    if (field.fallback === undefined || twin === undefined) return;
    walk.found.push({
      type: 'FIELD_MATCHED_BY_DEFAULT_ONLY',
      location: pointerOf(at),
      message: `field ${field.name} gets its default while field ${twin.name} of the same type is dropped. If it was renamed, add "aliases": ["${twin.name}"].`,
    });
  });
}

function named(reader: AvroType, writer: AvroType): boolean {
  return 'name' in reader && 'name' in writer ? sameName(reader, writer) : true;
}

/**
 * True if both types could belong to one renamed field: same kind and logical type, ignoring null
 * branches.
 */
function alike(reader: AvroType, writer: AvroType): boolean {
  const [to, from] = [kindsOf(reader), kindsOf(writer)];
  return to !== '' && to === from;
}

function kindsOf(type: AvroType): string {
  const branches = type.kind === 'union' ? type.branches : [type];
  return branches
    .filter((branch) => branch.kind !== 'null')
    .map(
      (branch) =>
        `${branch.kind}:${'name' in branch ? branch.name : ''}:${declaredOf(branch) ?? ''}`,
    )
    .sort()
    .join(' ');
}

const timed = /^(local-)?timestamp-|^time-/;

function logicalChange(
  reader: AvroType,
  writer: AvroType,
): { type: SilentChangeType; message: string } | null {
  const [to, from] = [declaredOf(reader), declaredOf(writer)];
  if (to === from) return scaleChange(logicalOf(reader), logicalOf(writer));
  const change = `written as ${from ?? 'a plain value'}, read as ${to ?? 'a plain value'}`;
  return timed.test(to ?? '') && timed.test(from ?? '')
    ? {
        type: 'TIME_UNIT_CHANGED',
        message: `${change}: values change by a power of 1000. Keep the unit, or add a new field and an upcaster.`,
      }
    : {
        type: 'LOGICAL_TYPE_CHANGED',
        message: `${change}: the same bytes get another meaning. Keep the logical type, or add a new field and an upcaster.`,
      };
}

function scaleChange(
  reader: Logical | null,
  writer: Logical | null,
): { type: SilentChangeType; message: string } | null {
  const decimals = reader?.name === 'decimal' && writer?.name === 'decimal';
  if (!decimals || reader.scale === writer.scale) return null;
  return {
    type: 'DECIMAL_SCALE_CHANGED',
    message: `written with scale ${writer.scale}, read with scale ${reader.scale}: values change by a power of ten. Keep the scale, or add a new field and an upcaster.`,
  };
}

function declaredOf(type: AvroType): string | null {
  return 'declared' in type ? (type.declared ?? null) : null;
}
