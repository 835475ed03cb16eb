import type { RecordField, RecordType } from '../schema/avro-type.ts';

/**
 * Returns the writer's field that each of the reader's fields is read from, undefined where its
 * default fills it. As Java's reader does (`Schema.applyAliases`), an alias renames the writer's
 * field, so that one field is never read twice; a writer with the reader's very fields renames
 * none. An alias is a field's name, without namespace.
 * @throws Error if two of the writer's fields are read as one
 */
export function sourceFields(
  writer: RecordType,
  reader: RecordType,
): readonly (RecordField | undefined)[] {
  const written = writer.fields.map(({ name }) => name);
  const own = reader.fields.map(({ name }) => name);
  if (written.join() === own.join()) return writer.fields;
  const renamed = written.map(
    (name) => reader.fields.findLast(({ aliases }) => aliases.includes(name))?.name ?? name,
  );
  const twice = renamed.find((name, index) => renamed.indexOf(name) < index);
  if (twice !== undefined) throw new Error(`field ${twice} has two fields of the writer`);
  return own.map((name) => writer.fields[renamed.indexOf(name)]);
}
