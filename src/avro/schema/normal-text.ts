import { invalid, readSchemaText } from './parse-schema.ts';
import { definesName, fullNameIn, isObject, namesOf, type SchemaJson } from './schema-json.ts';

const DEPTH_MAX = 128;
/** Digits of an integer that a double may not hold exactly. */
const LONG_NUMBER = /\d{16}/;

interface Walk {
  readonly origin: string;
  readonly names: Set<string>;
}

interface Context {
  readonly namespace: string;
  readonly depth: number;
}

/**
 * Returns the normal text that all spellings of an Avro schema share: no white space, attributes in
 * a fixed order, full names, `"string"` instead of `{"type":"string"}`. Unlike the specification's
 * parsing canonical form it keeps all content: docs, defaults, aliases, logical types, custom
 * attributes. A text with a number that a double may not hold is only trimmed, because parsing it
 * would change it. Pure.
 * @throws SCHEMA_INVALID if it is not JSON or nests too deeply
 */
export function normalText(schemaText: string, origin = 'the schema'): string {
  if (LONG_NUMBER.test(schemaText)) return schemaText.trim();
  const walk = { origin, names: new Set<string>() };
  const json = readSchemaText(schemaText, origin);
  return JSON.stringify(normalType(walk, json, { namespace: '', depth: 0 }));
}

function normalType(walk: Walk, json: unknown, context: Context): unknown {
  if (context.depth > DEPTH_MAX) {
    throw invalid(walk.origin, '', `nests deeper than ${DEPTH_MAX} levels; make it flatter`);
  }
  if (typeof json === 'string') return normalName(walk, json, context.namespace);
  if (Array.isArray(json)) return json.map((branch) => normalType(walk, branch, deeper(context)));
  if (!isObject(json)) return json;
  if (definesName(json)) return normalDefinition(walk, json, context);
  const normal = normalObject(walk, json, deeper(context));
  return Object.keys(normal).length === 1 && 'type' in normal ? normal['type'] : normal;
}

function normalDefinition(walk: Walk, json: SchemaJson, context: Context): SchemaJson {
  const { namespace: _folded, ...rest } = json;
  const { namespace, fullName } = namesOf(json, context.namespace);
  walk.names.add(fullName);
  const { type, name, ...normal } = normalObject(
    walk,
    { ...rest, name: fullName },
    { namespace, depth: context.depth + 1 },
  );
  return { type, name, ...normal };
}

function normalObject(walk: Walk, json: SchemaJson, context: Context): SchemaJson {
  const named = definesName(json);
  const entries = Object.entries(json).map(([key, value]) => {
    if (key === 'fields' && Array.isArray(value)) {
      return [key, value.map((field) => normalField(walk, field, context))];
    }
    const isType = key === 'items' || key === 'values' || (key === 'type' && !named);
    return [key, isType ? normalType(walk, value, context) : sorted(walk, value, context.depth)];
  });
  return Object.fromEntries(entries.sort(byKey)) as SchemaJson;
}

function normalField(walk: Walk, field: unknown, context: Context): unknown {
  if (!isObject(field)) return field;
  const entries = Object.entries(field)
    .filter(([key, value]) => key !== 'order' || value !== 'ascending')
    .map(([key, value]) => [
      key,
      key === 'type' ? normalType(walk, value, context) : sorted(walk, value, context.depth),
    ]);
  const { name, type, ...rest } = Object.fromEntries(entries.sort(byKey)) as SchemaJson;
  return { name, type, ...rest };
}

/** Normalizes a name only if this text defines it. */
function normalName(walk: Walk, name: string, namespace: string): string {
  const fullName = fullNameIn(namespace, name);
  return walk.names.has(fullName) ? fullName : name;
}

function sorted(walk: Walk, value: unknown, depth: number): unknown {
  if (depth > DEPTH_MAX) {
    throw invalid(walk.origin, '', `nests deeper than ${DEPTH_MAX} levels; make it flatter`);
  }
  if (Array.isArray(value)) return value.map((item) => sorted(walk, item, depth + 1));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    sorted(walk, inner, depth + 1),
  ]);
  return Object.fromEntries(entries.sort(byKey));
}

function byKey(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1;
}

function deeper(context: Context): Context {
  return { ...context, depth: context.depth + 1 };
}
