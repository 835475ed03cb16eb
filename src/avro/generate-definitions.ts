import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RepriseError } from '../reprise-error.ts';
import { unqualified } from './avro-type.ts';
import { eventFields } from './event-fields.ts';
import { invalid, parseJson, parseRecordSchema } from './parse-schema.ts';
import { docComment, typeText } from './type-text.ts';

const keyKinds = ['string', 'uuid', 'int', 'long', 'enum'];
const timeKinds = ['timestamp-millis', 'timestamp-micros'];

/** One `.avsc` file. */
export interface SchemaFile {
  readonly name: string;
  readonly text: string;
}

/**
 * The text of `index.ts` for the `.avsc` files of a folder: per record an interface and a definition of the same name.
 * @throws SCHEMA_INVALID naming file and field
 */
export async function generateDefinitions(schemasDirectory: string): Promise<string> {
  const names = (await readdir(schemasDirectory)).filter((name) => name.endsWith('.avsc')).sort();
  const files = names.map(async (name) => ({
    name,
    text: await readFile(join(schemasDirectory, name), 'utf8'),
  }));
  return definitionsText(await Promise.all(files));
}

/** Refuses when `index.ts` is not what the `.avsc` files of the folder give. @throws SCHEMA_STALE, SCHEMA_INVALID */
export async function checkGenerated(schemasDirectory: string): Promise<void> {
  const path = join(schemasDirectory, 'index.ts');
  const wanted = await generateDefinitions(schemasDirectory);
  const found = await readFile(path, 'utf8').catch(() => '');
  if (found === wanted) return;
  throw new RepriseError(
    'SCHEMA_STALE',
    `${path} is not what its .avsc files give. Run \`reprise schemas generate\` and commit the result.`,
    { facts: { path } },
  );
}

/** The same, without I/O; files in the order wanted. @throws SCHEMA_INVALID */
export function definitionsText(files: readonly SchemaFile[]): string {
  const owners = new Map<string, string>();
  const blocks = files.map((file) => {
    const { name, text } = definitionText(file);
    const owner = owners.get(name);
    if (owner !== undefined) {
      throw invalid(file.name, '', `record ${name} is in ${owner} too; rename one of them`);
    }
    owners.set(name, file.name);
    return text;
  });
  const body = blocks.join('\n');
  const decimal = /\bDecimal\b/.test(body) ? ', type Decimal' : '';
  return [
    '// Generated from the .avsc files beside it by `reprise schemas generate`. Do not edit.',
    `import { defineAvroEvent${decimal} } from 'reprise';`,
    '',
    body,
  ].join('\n');
}

function definitionText(file: SchemaFile): { name: string; text: string } {
  const record = parseRecordSchema(file.text, file.name);
  const attributes = parseJson(file.text, file.name) as Readonly<Record<string, unknown>>;
  const fields = eventFields(record);
  const topic = attributes['topic'];
  if (typeof topic !== 'string' || !/^[a-zA-Z0-9._-]{1,249}$/.test(topic)) {
    throw invalid(file.name, '', 'has no usable "topic"; name the topic of the events');
  }
  const key = pick(file.name, attributes['key'], { role: 'key', kinds: keyKinds, fields });
  const time = pick(file.name, attributes['time'], { role: 'time', kinds: timeKinds, fields });
  const name = unqualified(record.name);
  const lines = [
    ...docComment(record.doc, ''),
    `export interface ${name} ${typeText(record, '', true)}`,
    '',
    ...docComment(record.doc, ''),
    `export const ${name} = defineAvroEvent<${name}>({`,
    `  name: ${JSON.stringify(name)},`,
    `  topic: ${JSON.stringify(topic)},`,
    ...(key === undefined ? [] : [`  key: ${JSON.stringify(key)},`]),
    ...(time === undefined ? [] : [`  time: ${JSON.stringify(time)},`]),
    '  fields: [',
    ...fields.map((field) => `    ${JSON.stringify(field)},`),
    '  ],',
    `  schema: ${JSON.stringify(file.text)},`,
    '});',
    '',
  ];
  return { name, text: lines.join('\n') };
}

interface Pick {
  readonly role: string;
  readonly kinds: readonly string[];
  readonly fields: ReturnType<typeof eventFields>;
}

function pick(origin: string, name: unknown, { role, kinds, fields }: Pick): string | undefined {
  if (name === undefined) return undefined;
  const field = fields.find((candidate) => candidate.name === name);
  if (field === undefined) {
    throw invalid(origin, String(name), `is named by "${role}" but there is no such field`);
  }
  if (!kinds.includes(field.type.kind)) {
    const wanted = kinds.join(', ');
    throw invalid(
      origin,
      field.name,
      `is the "${role}" but of type ${field.type.kind}; use ${wanted}`,
    );
  }
  return field.name;
}
