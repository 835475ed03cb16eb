import { inlineReferences } from '../../avro/schema/inline-references.ts';
import type { SchemaReference } from '../schema-registry.ts';
import {
  type RegistryAnswer,
  type RegistryConnection,
  requestRegistry,
  unavailable,
} from './request-registry.ts';

/** Returns the references in an answer that holds a schema; empty if it has none. */
export function referencesIn(body: RegistryAnswer['body']): readonly SchemaReference[] {
  const listed = 'references' in body && Array.isArray(body.references) ? body.references : [];
  return (listed as readonly Partial<SchemaReference>[]).map(({ name, subject, version }) => ({
    name: String(name),
    subject: String(subject),
    version: Number(version),
  }));
}

/**
 * Returns a schema's text with all referenced types inlined; requests them version by version.
 * @throws SCHEMA_INVALID, REGISTRY_UNAVAILABLE
 */
export async function selfContainedText(
  connection: RegistryConnection,
  schemaText: string,
  references: readonly SchemaReference[],
): Promise<string> {
  const texts = new Map<string, string>();
  const visit = async ({ subject, version }: SchemaReference): Promise<void> => {
    // Soft-deleted versions too: the log may hold records written with them.
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}?deleted=true`;
    if (texts.has(path)) return;
    const answer = await requestRegistry(connection, 'GET', path);
    if (answer.status !== 200 || !('schema' in answer.body)) {
      throw unavailable(
        connection.url,
        `a schema refers to version ${version} of ${subject}, which it does not give (${answer.status})`,
      );
    }
    for (const inner of referencesIn(answer.body)) await visit(inner);
    texts.set(path, String(answer.body.schema));
  };
  for (const reference of references) await visit(reference);
  return inlineReferences(schemaText, [...texts.values()]);
}
