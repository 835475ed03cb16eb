import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Options of a new record's first text. */
export interface NewSchema {
  /** The file's name without `.avsc`: `order-placed`. */
  readonly name: string;
  readonly topic: string;
  readonly namespace: string | null;
}

/**
 * Writes `NAME.avsc` with an initial record: an id that is the key, and a time. @throws EEXIST if
 * the file exists
 */
export async function writeNewSchema(directory: string, schema: NewSchema): Promise<string> {
  const path = join(directory, `${schema.name}.avsc`);
  await writeFile(path, newSchemaText(schema), { flag: 'wx' });
  return path;
}

/** Returns the text of the file. */
function newSchemaText({ name, topic, namespace }: NewSchema): string {
  const record = name
    .split(/[^a-zA-Z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
  const schema = {
    type: 'record',
    name: record,
    ...(namespace === null ? {} : { namespace }),
    doc: `${record}: say what happened.`,
    topic,
    key: 'id',
    time: 'occurredAt',
    fields: [
      { name: 'id', type: { type: 'string', logicalType: 'uuid' } },
      { name: 'occurredAt', type: { type: 'long', logicalType: 'timestamp-millis' } },
    ],
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
