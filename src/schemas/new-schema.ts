import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the first text of a record is made from. */
export interface NewSchema {
  /** The file's name without `.avsc`: `order-placed`. */
  readonly name: string;
  readonly topic: string;
  readonly namespace: string | null;
}

/**
 * Writes `NAME.avsc` with a record to begin with: an id that is the key, and a time. @throws EEXIST
 * when there is such a file
 */
export async function writeNewSchema(directory: string, schema: NewSchema): Promise<string> {
  const path = join(directory, `${schema.name}.avsc`);
  await writeFile(path, newSchemaText(schema), { flag: 'wx' });
  return path;
}

/** Its text. */
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
