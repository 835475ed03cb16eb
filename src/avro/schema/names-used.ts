import { primitives, readSchemaText } from './parse-schema.ts';
import { definesName, fullNameIn, isObject, namesOf, type SchemaJson } from './schema-json.ts';

interface Walk {
  readonly defined: Set<string>;
  readonly used: Map<string, string>;
}

interface Context {
  readonly namespace: string;
  readonly path: string;
}

/**
 * Returns the full name of the outermost type; null if it has none (a union, a primitive). @throws
 * SCHEMA_INVALID if it is not JSON
 */
export function fullNameOf(text: string, origin: string): string | null {
  const json = readSchemaText(text, origin);
  return isObject(json) && definesName(json) ? namesOf(json, '').fullName : null;
}

/**
 * Returns the full names that a schema uses and does not define, in the order of their use, each
 * with the path of the first field that uses it. @throws SCHEMA_INVALID if it is not JSON
 */
export function namesUsed(text: string, origin: string): ReadonlyMap<string, string> {
  const walk: Walk = { defined: new Set(), used: new Map() };
  collect(walk, readSchemaText(text, origin), { namespace: '', path: '' });
  return walk.used;
}

function collect(walk: Walk, json: unknown, context: Context): void {
  if (typeof json === 'string') return use(walk, json, context);
  if (Array.isArray(json)) for (const branch of json) collect(walk, branch, context);
  if (!isObject(json)) return;
  if (definesName(json)) return collectFields(walk, json, context);
  const { type } = json;
  if (type === 'array') collect(walk, json['items'], context);
  else if (type === 'map') collect(walk, json['values'], context);
  else collect(walk, type, context);
}

function collectFields(walk: Walk, json: SchemaJson, context: Context): void {
  const { fullName, namespace } = namesOf(json, context.namespace);
  walk.defined.add(fullName);
  const fields = Array.isArray(json['fields']) ? (json['fields'] as readonly unknown[]) : [];
  for (const field of fields) {
    if (!isObject(field)) continue;
    const name = String(field['name']);
    const path = context.path === '' ? name : `${context.path}.${name}`;
    collect(walk, field['type'], { namespace, path });
  }
}

function use(walk: Walk, name: string, { namespace, path }: Context): void {
  if (primitives.has(name)) return;
  const fullName = fullNameIn(namespace, name);
  if (walk.defined.has(fullName) || walk.defined.has(name) || walk.used.has(fullName)) return;
  walk.used.set(fullName, path);
}
