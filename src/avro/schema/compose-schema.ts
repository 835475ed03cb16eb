import { inlineReferences } from './inline-references.ts';
import { fullNameOf, namesUsed } from './names-used.ts';
import { invalid } from './parse-schema.ts';

/** One `.avsc` file. */
export interface SchemaFile {
  readonly name: string;
  readonly text: string;
}

/** A schema with the types of other files that it names. */
export interface ComposedSchema {
  /** The text with the types of other files inlined; the text itself if it names none. */
  readonly standalone: string;
  /** The files whose types it names directly, by the full name of the type. */
  readonly uses: ReadonlyMap<string, SchemaFile>;
}

/**
 * Composes the schema of a file with those of the files whose types it names. A file provides its
 * outermost type. Pure.
 * @throws SCHEMA_INVALID naming file and type if no file has it, or if files name one another in a
 * circle
 */
export function composeSchema(file: SchemaFile, files: readonly SchemaFile[]): ComposedSchema {
  const owners = new Map<string, SchemaFile>();
  for (const one of files) {
    const fullName = fullNameOf(one.text, one.name);
    if (fullName !== null) owners.set(fullName, one);
  }
  const found = new Set<SchemaFile>();
  const collect = (referring: SchemaFile, within: readonly string[]): void => {
    for (const used of usesOf(referring, owners).values()) {
      if (within.includes(used.name)) throw circle([...within, used.name]);
      if (found.has(used)) continue;
      collect(used, [...within, used.name]);
      found.add(used);
    }
  };
  collect(file, [file.name]);
  const texts = [...found].map(({ text }) => text);
  return { standalone: inlineReferences(file.text, texts), uses: usesOf(file, owners) };
}

function usesOf(
  { name, text }: SchemaFile,
  owners: ReadonlyMap<string, SchemaFile>,
): ReadonlyMap<string, SchemaFile> {
  return new Map(
    [...namesUsed(text, name)].map(([used, path]) => {
      const owner = owners.get(used);
      if (owner !== undefined) return [used, owner];
      throw invalid(
        name,
        path,
        `has unknown type "${used}"; use an Avro type, define the name before it is used, or add a file for it`,
      );
    }),
  );
}

function circle(names: readonly string[]) {
  return invalid(
    names[0] ?? '',
    '',
    `names types in a circle (${names.join(' → ')}), so that none can be registered first; put them into one file`,
  );
}
