import type { RegisteredSchema, SchemaReference } from '../schema-registry.ts';

/**
 * Returns a version in the API's form. `schemaType` is absent for Avro; references are absent if
 * there are none.
 */
export function versionAnswer(version: RegisteredSchema): object {
  const { subject, version: number, id, schemaText } = version;
  return { subject, version: number, id, ...referencesAnswer(version), schema: schemaText };
}

/** Returns the references in the API's form. */
export function referencesAnswer({
  references,
}: {
  readonly references?: readonly SchemaReference[];
}): object {
  return references === undefined ? {} : { references };
}
