import { unqualified } from './avro-type.ts';

/** The JSON object of a schema, not yet validated. */
export type SchemaJson = Readonly<Record<string, unknown>>;

const NAMED: ReadonlySet<unknown> = new Set(['record', 'error', 'enum', 'fixed']);

/** True for the JSON that defines a record, an enum or a fixed. */
export function definesName(json: SchemaJson): boolean {
  return NAMED.has(json['type']) && typeof json['name'] === 'string';
}

/** True for a JSON object that is neither a list nor null. */
export function isObject(json: unknown): json is SchemaJson {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/**
 * Returns name, namespace and full name of a definition inside the namespace `outer` (Avro
 * specification, Names).
 */
export function namesOf(
  json: SchemaJson,
  outer: string,
): { readonly name: string; readonly namespace: string; readonly fullName: string } {
  const given = String(json['name']);
  const own = json['namespace'];
  const inherited = typeof own === 'string' ? own : outer;
  const namespace = given.includes('.') ? given.slice(0, given.lastIndexOf('.')) : inherited;
  const name = unqualified(given);
  return { name, namespace, fullName: fullNameIn(namespace, name) };
}

/** Completes a name as the specification does where it is used. */
export function fullNameIn(namespace: string, name: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}
