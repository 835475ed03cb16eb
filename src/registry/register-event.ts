import type { EventDefinition } from '../event/event-definition.ts';
import { type SubjectStrategies, subjectOf } from '../event/subject-of.ts';
import { findOrRegister } from './registry-history.ts';
import type { RegisteredSchema, SchemaRegistry } from './schema-registry.ts';

/**
 * Registers the schema of an event under the subject that the strategies name. Returns null for
 * JSON and raw events, which have no schema. A schema composed of several files may already be
 * registered with references.
 * @throws as `register` does
 */
export async function registerEvent(
  registry: SchemaRegistry,
  { topic, schemaText, isComposed }: EventDefinition,
  subjects: SubjectStrategies,
): Promise<RegisteredSchema | null> {
  if (schemaText === undefined) return null;
  const subject = subjectOf({ topic, schemaText }, subjects);
  return isComposed === true
    ? findOrRegister(registry, subject, schemaText)
    : registry.register(subject, schemaText);
}
