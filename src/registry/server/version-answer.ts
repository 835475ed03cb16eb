import type { RegisteredSchema, SchemaReference } from '../schema-registry.ts';

/**
 * A version as the API shows it. `schemaType` is absent for Avro, references where there are none.
 */
export function versionAnswer(version: RegisteredSchema): object {
  const { subject, version: number, id, schemaText } = version;
  return { subject, version: number, id, ...referencesAnswer(version), schema: schemaText };
}

/** The references as the API shows them. */
export function referencesAnswer({
  references,
}: {
  readonly references?: readonly SchemaReference[];
}): object {
  return references === undefined ? {} : { references };
}
