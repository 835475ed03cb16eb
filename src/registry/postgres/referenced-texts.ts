import { REGISTRY_ERRORS, registryRefusal } from '../registry-refusal.ts';
import type { SchemaReference } from '../schema-registry.ts';
import type { Queryable, StoredReference } from './version-rows.ts';

/** Resolves references to ids. @throws REGISTRY_REFUSED (42201) if one does not exist */
export async function resolveReferences(
  client: Queryable,
  references: readonly SchemaReference[],
): Promise<readonly StoredReference[]> {
  const resolved: StoredReference[] = [];
  for (const { name, subject, version } of references) {
    const { rows } = await client.query<{ id: number }>(
      'select id from reprise.registry_versions where subject = $1 and version = $2',
      [subject, version],
    );
    if (rows[0] === undefined) {
      throw registryRefusal(
        REGISTRY_ERRORS.invalidSchema,
        `Invalid schema: no schema reference found for subject "${subject}" and version ${version}`,
        { facts: { subject, version, name }, toDo: 'Register what it refers to first.' },
      );
    }
    resolved.push({ name, subject, version, id: rows[0].id });
  }
  return resolved;
}

/** Returns the referenced texts, each once, after the texts that it refers to. */
export async function referencedTexts(
  client: Queryable,
  references: readonly StoredReference[],
): Promise<readonly string[]> {
  const texts = new Map<number, string>();
  const visit = async (id: number): Promise<void> => {
    if (texts.has(id)) return;
    // A reference outlives the versions of its schema: rows of schemas are never deleted.
    const { rows } = await client.query<{
      schema_text: string;
      schema_references: readonly StoredReference[];
    }>('select schema_text, schema_references from reprise.registry_schemas where id = $1', [id]);
    for (const inner of rows[0]?.schema_references ?? []) await visit(inner.id);
    if (rows[0] !== undefined) texts.set(id, rows[0].schema_text);
  };
  for (const { id } of references) await visit(id);
  return [...texts.values()];
}
