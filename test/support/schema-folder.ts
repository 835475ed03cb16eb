import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CheckRules } from '../../src/schemas/check-records.ts';
import { recordCurrent } from '../../src/schemas/record-current.ts';
import { readSchemaFolder, type SchemaFolder } from '../../src/schemas/schema-folder.ts';

/** What a project has unless it says otherwise. */
export const RULES: CheckRules = { mode: 'BACKWARD_TRANSITIVE', subjects: {} };

/** An empty folder of schemas, gone after the test. */
export async function schemaDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'schemas-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

/** Writes the current file of a record. */
export async function writeCurrent(
  directory: string,
  name: string,
  schema: object | string,
): Promise<SchemaFolder> {
  const text = typeof schema === 'string' ? schema : JSON.stringify(schema);
  await writeFile(join(directory, `${name}.avsc`), text);
  return readSchemaFolder(directory);
}

/** Writes the current file of a record and records it. */
export async function writeVersion(
  directory: string,
  name: string,
  schema: object,
  options: { readonly upcaster?: boolean; readonly rules?: CheckRules } = {},
): Promise<SchemaFolder> {
  const folder = await writeCurrent(directory, name, schema);
  const { upcaster = false, rules = RULES } = options;
  return (await recordCurrent({ folder, name, rules, upcaster })).folder;
}

/** A record of an event on topic `orders`. */
export function order(fields: readonly object[], extra: object = {}): object {
  return {
    type: 'record',
    name: 'OrderPlaced',
    namespace: 'shop',
    topic: 'orders',
    fields,
    ...extra,
  };
}
