import { eventFields } from '../decode/event-fields.ts';
import { piiFields } from '../pii/pii-fields.ts';
import { unqualified } from '../schema/avro-type.ts';
import { composeSchema, type SchemaFile } from '../schema/compose-schema.ts';
import { fullNameOf, namesUsed } from '../schema/names-used.ts';
import { invalid, parseJson, parseRecordSchema } from '../schema/parse-schema.ts';
import { docComment, typeText } from '../schema/type-text.ts';

const keyKinds = ['string', 'uuid', 'int', 'long', 'enum'];
const timeKinds = ['timestamp-millis', 'timestamp-micros'];

/** A file whose definition is generated. */
export interface DefinitionFile extends SchemaFile {
  /**
   * If there are upcasters (`upcasters/user-acted.ts`): the recorded versions, oldest first, with
   * the types of other files inlined.
   */
  readonly versions?: readonly string[];
}

/**
 * Generates the text of `index.ts` for the `.avsc` files of a folder, in the order given: an
 * interface and a definition of the same name for each record.
 * @throws SCHEMA_INVALID naming file and field
 */
export function definitionsText(files: readonly DefinitionFile[]): string {
  const owners = new Map<string, string>();
  const shared = sharedTypes(files);
  const events = files.filter((file) => !shared.has(file));
  const blocks = events.map((file) => {
    const schema = composeSchema(file, files).standalone;
    const { name, text } = definitionText(file, { exportName: recordName(file), schema });
    const owner = owners.get(name);
    if (owner !== undefined) {
      throw invalid(file.name, '', `record ${name} is in ${owner} too; rename one of them`);
    }
    owners.set(name, file.name);
    return text;
  });
  const evolved = files.filter(({ versions }) => versions !== undefined);
  return moduleText('the .avsc files beside it', blocks, [
    ...evolved.map(
      (file) => `import { ${versionNames(file).join(', ')} } from './history/index.ts';`,
    ),
    ...evolved.map(
      (file) =>
        `import { upcasters as ${upcastersName(file)} } from './upcasters/${stem(file)}.ts';`,
    ),
  ]);
}

/**
 * Generates the text of `history/index.ts`: types of the recorded versions of records with
 * upcasters: `UserActedV1`, `UserActedV2`, …
 * @throws SCHEMA_INVALID
 */
export function versionsText(files: readonly DefinitionFile[]): string {
  const blocks = files.flatMap((file) =>
    versionNames(file).map((exportName, index) => {
      const name = `history/${stem(file)}/${index + 1}.avsc`;
      const schema = file.versions?.[index] ?? '';
      return definitionText({ name, text: schema }, { exportName, schema }).text;
    }),
  );
  return moduleText('the recorded versions beside it', blocks, []);
}

function moduleText(source: string, blocks: readonly string[], imports: readonly string[]): string {
  const body = blocks.join('\n');
  const decimal = /\bDecimal\b/.test(body) ? ', type Decimal' : '';
  return [
    `// Generated from ${source} by \`reprise schemas generate\`. Do not edit.`,
    `import { defineAvroEvent${decimal} } from 'reprise';`,
    ...imports,
    '',
    body,
  ].join('\n');
}

function stem({ name }: SchemaFile): string {
  return name.replace(/\.avsc$/, '');
}

function recordName(file: DefinitionFile): string {
  return unqualified(fullNameOf(file.text, file.name) ?? stem(file));
}

function versionNames(file: DefinitionFile): readonly string[] {
  const { versions } = file;
  return versions === undefined
    ? []
    : versions.map((_, index) => `${recordName(file)}V${index + 1}`);
}

function upcastersName(file: DefinitionFile): string {
  const name = recordName(file);
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}Upcasters`;
}

function definitionText(
  file: DefinitionFile,
  { exportName, schema }: { readonly exportName: string; readonly schema: string },
): { name: string; text: string } {
  const record = parseRecordSchema(schema, file.name);
  const attributes = parseJson(file.text, file.name) as Readonly<Record<string, unknown>>;
  const fields = eventFields(record);
  const sealed = piiFields(record, file.name).map((field) => field.name);
  const topic = attributes['topic'];
  if (typeof topic !== 'string' || !/^[a-zA-Z0-9._-]{1,249}$/.test(topic)) {
    throw invalid(file.name, '', 'has no usable "topic"; name the topic of the events');
  }
  for (const role of ['key', 'time']) {
    const field = String(attributes[role]);
    if (!sealed.includes(field)) continue;
    throw invalid(
      file.name,
      field,
      `is the "${role}", which stands beside the value, unencrypted; it cannot be "pii"`,
    );
  }
  const key = pick(file.name, attributes['key'], { role: 'key', kinds: keyKinds, fields });
  const time = pick(file.name, attributes['time'], { role: 'time', kinds: timeKinds, fields });
  const name = unqualified(record.name);
  const lines = [
    ...docComment(record.doc, ''),
    `export interface ${exportName} ${typeText(record, '', true)}`,
    '',
    ...docComment(record.doc, ''),
    `export const ${exportName} = defineAvroEvent<${exportName}>({`,
    `  name: ${JSON.stringify(name)},`,
    `  topic: ${JSON.stringify(topic)},`,
    ...(key === undefined ? [] : [`  key: ${JSON.stringify(key)},`]),
    ...(time === undefined ? [] : [`  time: ${JSON.stringify(time)},`]),
    '  fields: [',
    ...fields.map((field) => `    ${JSON.stringify(field)},`),
    '  ],',
    ...(schema === file.text ? [] : ['  isComposed: true,']),
    `  schema: ${JSON.stringify(schema)},`,
    ...(file.versions === undefined
      ? []
      : [
          `  versions: [${versionNames(file).join(', ')}],`,
          `  upcasters: ${upcastersName(file)},`,
        ]),
    '});',
    '',
  ];
  return { name, text: lines.join('\n') };
}

/** Returns the files without a topic whose type other files name: they are not events. */
function sharedTypes(files: readonly SchemaFile[]): ReadonlySet<SchemaFile> {
  const used = new Set(files.flatMap(({ name, text }) => [...namesUsed(text, name).keys()]));
  return new Set(
    files.filter(({ name, text }) => {
      const json = parseJson(text, name) as Readonly<Record<string, unknown>>;
      return json['topic'] === undefined && used.has(fullNameOf(text, name) ?? '');
    }),
  );
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
