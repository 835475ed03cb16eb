import type { EventDefinition } from '../event/event-definition.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import { peekSchemaId } from './confluent-header.ts';

/** The schema id in the value of record `i`; -1: a tombstone, or no Confluent header. */
export function schemaIdAt(batch: RecordBatch, i: number): number {
  const start = batch.valueStart[i] as number;
  return start < 0 ? -1 : peekSchemaId(batch.bytes, start, batch.valueEnd[i] as number);
}

/**
 * What a record schema is called, without namespaces: its name, then its aliases (Avro 1.12, aliases; names are compared unqualified, as the resolver
 * does). Empty for text that is not a named schema.
 */
export function recordNames(schemaText: string): readonly string[] {
  try {
    const { name, aliases = [] } = JSON.parse(schemaText) as { name?: string; aliases?: string[] };
    return name === undefined ? [] : [name, ...aliases].map(unqualified);
  } catch {
    return [];
  }
}

/** The names under which records of an event may have been written: its schema's, and those of its recorded versions. */
export function eventRecordNames({
  schemaText = '',
  evolution,
}: EventDefinition): readonly string[] {
  const older = evolution?.versions.flatMap((version) => recordNames(version.schemaText ?? ''));
  return [...recordNames(schemaText), ...(older ?? [])];
}

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
