import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DefinitionFile,
  definitionsText,
  versionsText,
} from '../avro/generate/definitions-text.ts';
import { RepriseError } from '../reprise-error.ts';
import { recordedSchema } from './resolved-schema.ts';
import { readSchemaFolder, type SchemaFolder, type SchemaRecord } from './schema-folder.ts';

/** One generated module of a folder of schemas. */
interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Writes the generated code of a folder of schemas: `index.ts` with an interface and a definition
 * for each current `.avsc` file; for records with upcasters (`upcasters/user-acted.ts`, which
 * exports `upcasters`) also `history/index.ts` with those of its recorded versions.
 * @returns the paths written. @throws SCHEMA_INVALID, SCHEMA_HISTORY_BROKEN
 */
export async function writeGenerated(directory: string): Promise<readonly string[]> {
  const files = await generatedFiles(directory);
  for (const { path, text } of files) await writeFile(path, text);
  return files.map(({ path }) => path);
}

/**
 * Checks that the generated code matches the schemas. @throws SCHEMA_STALE, SCHEMA_INVALID,
 * SCHEMA_HISTORY_BROKEN
 */
export async function checkGenerated(directory: string): Promise<readonly string[]> {
  const files = await generatedFiles(directory);
  for (const { path, text } of files) {
    const found = await readFile(path, 'utf8').catch(() => '');
    if (found === text) continue;
    throw new RepriseError(
      'SCHEMA_STALE',
      `${path} is not what its .avsc files give. Run \`reprise schemas generate\` and commit the result.`,
      { facts: { path } },
    );
  }
  return files.map(({ path }) => path);
}

async function generatedFiles(directory: string): Promise<readonly GeneratedFile[]> {
  const folder = await readSchemaFolder(directory);
  const found = await Promise.all(folder.records.map((record) => definitionFile(folder, record)));
  const files = found.filter((file) => file !== null);
  const evolved = files.filter(({ versions }) => versions !== undefined);
  return [
    ...(evolved.length === 0
      ? []
      : [{ path: join(directory, 'history', 'index.ts'), text: versionsText(evolved) }]),
    { path: join(directory, 'index.ts'), text: definitionsText(files) },
  ];
}

/**
 * Returns the definition of a record, with its versions if it has upcasters; null if it is retired.
 */
async function definitionFile(
  folder: SchemaFolder,
  { name, current, versions }: SchemaRecord,
): Promise<DefinitionFile | null> {
  if (current === null) return null;
  const file = { name: `${name}.avsc`, text: current };
  const upcasters = join(folder.directory, 'upcasters', `${name}.ts`);
  const exists = await access(upcasters).then(
    () => true,
    () => false,
  );
  return exists
    ? { ...file, versions: versions.map((version) => recordedSchema(folder, version)) }
    : file;
}
