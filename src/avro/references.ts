import { definesName, fullNameIn, isObject, namesOf, type SchemaJson } from './named-types.ts';
import { readSchemaText } from './parse-schema.ts';

const primitives = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);

interface Walk {
  readonly defined: Set<string>;
  readonly used: Set<string>;
}

/** The full name of the outermost type; null when it has none (a union, a primitive). @throws SCHEMA_INVALID when it is not JSON */
export function fullNameOf(text: string, origin: string): string | null {
  const json = readSchemaText(text, origin);
  return isObject(json) && definesName(json) ? namesOf(json, '').fullName : null;
}

/** Full names that a schema uses and does not define, in the order of their use. @throws SCHEMA_INVALID when it is not JSON */
export function namesUsed(text: string, origin: string): readonly string[] {
  const walk: Walk = { defined: new Set(), used: new Set() };
  collect(walk, readSchemaText(text, origin), '');
  return [...walk.used];
}

function collect(walk: Walk, json: unknown, namespace: string): void {
  if (typeof json === 'string') return use(walk, json, namespace);
  if (Array.isArray(json)) for (const branch of json) collect(walk, branch, namespace);
  if (!isObject(json)) return;
  if (definesName(json)) return collectFields(walk, json, namespace);
  const { type } = json;
  if (type === 'array') collect(walk, json['items'], namespace);
  else if (type === 'map') collect(walk, json['values'], namespace);
  else collect(walk, type, namespace);
}

function collectFields(walk: Walk, json: SchemaJson, around: string): void {
  const { fullName, namespace } = namesOf(json, around);
  walk.defined.add(fullName);
  const fields = Array.isArray(json['fields']) ? (json['fields'] as readonly unknown[]) : [];
  for (const field of fields) if (isObject(field)) collect(walk, field['type'], namespace);
}

function use(walk: Walk, name: string, namespace: string): void {
  if (primitives.has(name)) return;
  const fullName = fullNameIn(namespace, name);
  if (!walk.defined.has(fullName) && !walk.defined.has(name)) walk.used.add(fullName);
}
