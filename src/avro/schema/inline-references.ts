import { readSchemaText } from './parse-schema.ts';
import { definesName, fullNameIn, isObject, namesOf, type SchemaJson } from './schema-json.ts';
import { parseSource } from './schema-source.ts';

/** A named type of another text, and its enclosing namespace there. */
interface Definition {
  readonly json: SchemaJson;
  readonly namespace: string;
}

interface Inlining {
  /** Types of other texts that have not been inlined yet. */
  readonly missing: Map<string, Definition>;
  readonly defined: Set<string>;
}

/**
 * Creates one self-contained schema text from a text and the texts it refers to (referenced before
 * referring). Each foreign type is inlined at its first use, under its full name. A text without
 * references is returned unchanged. Pure.
 * @throws SCHEMA_INVALID if a text is not an Avro schema, or a name is in none of them
 */
export function inlineReferences(schemaText: string, references: readonly string[]): string {
  if (references.length === 0) return schemaText;
  const origin = 'a schema with references';
  parseSource({ schemaText, references }, origin);
  const missing = new Map<string, Definition>();
  for (const text of references) collect(readSchemaText(text, origin), '', missing);
  const inlining = { missing, defined: new Set<string>() };
  return JSON.stringify(inlined(inlining, readSchemaText(schemaText, origin), ''));
}

/** Collects every definition in a text, including nested ones. */
function collect(json: unknown, outer: string, found: Map<string, Definition>): void {
  if (Array.isArray(json)) for (const branch of json) collect(branch, outer, found);
  if (!isObject(json)) return;
  let namespace = outer;
  if (definesName(json)) {
    const names = namesOf(json, outer);
    namespace = names.namespace;
    found.set(names.fullName, { json, namespace: outer });
  }
  for (const part of partsOf(json)) collect(part, namespace, found);
}

function inlined(inlining: Inlining, json: unknown, outer: string): unknown {
  if (typeof json === 'string') return reference(inlining, json, outer);
  if (Array.isArray(json)) return json.map((branch) => inlined(inlining, branch, outer));
  if (!isObject(json)) return json;
  let namespace = outer;
  if (definesName(json)) {
    const names = namesOf(json, outer);
    // A part of a foreign type may have been used, and so defined, before the whole.
    if (inlining.defined.has(names.fullName)) return names.fullName;
    namespace = names.namespace;
    inlining.defined.add(names.fullName);
  }
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => {
      if (key === 'fields' && Array.isArray(value)) {
        return [key, value.map((field) => inlinedField(inlining, field, namespace))];
      }
      const isType = key === 'items' || key === 'values' || (key === 'type' && !definesName(json));
      return [key, isType ? inlined(inlining, value, namespace) : value];
    }),
  );
}

function inlinedField(inlining: Inlining, field: unknown, namespace: string): unknown {
  if (!isObject(field)) return field;
  return Object.fromEntries(
    Object.entries(field).map(([key, value]) => [
      key,
      key === 'type' ? inlined(inlining, value, namespace) : value,
    ]),
  );
}

/** Returns the name, or its definition at its first use. */
function reference(inlining: Inlining, name: string, namespace: string): unknown {
  const { missing, defined } = inlining;
  for (const fullName of [fullNameIn(namespace, name), name]) {
    if (defined.has(fullName)) return fullName;
    const definition = missing.get(fullName);
    if (definition === undefined) continue;
    const names = namesOf(definition.json, definition.namespace);
    const own = { ...definition.json, name: names.name, namespace: names.namespace };
    return inlined(inlining, own, '');
  }
  return name;
}

function partsOf(json: SchemaJson): readonly unknown[] {
  const fields = Array.isArray(json['fields']) ? (json['fields'] as readonly unknown[]) : [];
  const types = fields.map((field) => (isObject(field) ? field['type'] : undefined));
  return [...types, json['items'], json['values'], definesName(json) ? undefined : json['type']];
}
