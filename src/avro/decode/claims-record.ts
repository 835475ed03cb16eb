import type { EventDefinition } from '../../event/event-definition.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { peekSchemaId } from './confluent-header.ts';

/** Returns the schema id in the value of record `i`; -1: a tombstone, or no Confluent header. */
export function schemaIdAt(batch: RecordBatch, i: number): number {
  const start = batch.valueStart[i] as number;
  return start < 0 ? -1 : peekSchemaId(batch.bytes, start, batch.valueEnd[i] as number);
}

/**
 * True if records of a writer schema belong to an event: the schema's record name is that of the
 * event, of one of its aliases or of one of its recorded versions. Names are compared without
 * namespace, as the resolver does. A union belongs to an event if one of its branches does. Text
 * that is not JSON belongs to every event, so that its records are reported and not ignored.
 */
export function claimsRecord(event: EventDefinition, schemaText: string): boolean {
  const written = parsed(schemaText);
  if (written === undefined) return true;
  const branches: readonly unknown[] = Array.isArray(written) ? written : [written];
  const names = eventRecordNames(event);
  return branches.some((branch) => {
    const { name } = namesOf(branch);
    return name !== undefined && names.includes(unqualified(name));
  });
}

/**
 * Returns the names under which records of an event may have been written: those of its schema with
 * aliases (Avro 1.12), and of its recorded versions.
 */
export function eventRecordNames({
  schemaText = '',
  evolution,
}: EventDefinition): readonly string[] {
  const texts = [schemaText, ...(evolution?.versions.map((each) => each.schemaText ?? '') ?? [])];
  return texts.flatMap((text) => {
    const { name, aliases = [] } = namesOf(parsed(text));
    return name === undefined ? [] : [name, ...aliases].map(unqualified);
  });
}

/** Parses JSON; undefined if it is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function namesOf(schema: unknown): { readonly name?: string; readonly aliases?: string[] } {
  const { name, aliases } = (schema ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ...(typeof name === 'string' && { name }),
    ...(Array.isArray(aliases) && {
      aliases: aliases.filter((each): each is string => typeof each === 'string'),
    }),
  };
}

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
