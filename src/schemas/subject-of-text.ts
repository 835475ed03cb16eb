import { fullNameOf } from '../avro/schema/names-used.ts';
import { parseJson } from '../avro/schema/parse-schema.ts';
import { type SubjectStrategies, subjectOf } from '../event/subject-of.ts';

/**
 * Returns the registry subject of a schema file: for an event by the strategy of its topic, for a
 * shared type its full name. @throws SCHEMA_INVALID
 */
export function subjectOfText(text: string, origin: string, strategies: SubjectStrategies): string {
  const { topic } = parseJson(text, origin) as { topic?: unknown };
  return typeof topic === 'string'
    ? subjectOf({ topic, schemaText: text }, strategies)
    : (fullNameOf(text, origin) ?? origin);
}
