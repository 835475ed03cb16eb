import type { RecordBatch } from '../log/record-batch.ts';
import { RepriseError } from '../reprise-error.ts';
import { type ColumnBuilder, createColumnBuilder } from './column-builder.ts';
import type { EventDefinition } from './event-definition.ts';
import type { FieldColumns } from './field-columns.ts';
import type { Field } from './field-type.ts';

/**
 * Decodes the requested fields of record batches into columns. Columns are valid until the next
 * `decode` of the same decoder.
 */
export interface FieldDecoder {
  /**
   * Returns the writer schema ids of the batch that `resolve` has not been called for. Empty for
   * JSON and raw events.
   */
  unresolvedSchemaIds(batch: RecordBatch): readonly number[];
  /** Sets the writer schema of an id, or the error with which its records fail. Never throws. */
  resolve(schemaId: number, schema: string | Error): void;
  /** Removes what `resolve` set for an id. */
  forget(schemaId: number): void;
  /**
   * Decodes a batch. Never throws because of a record: a bad record becomes a failure and does not
   * affect others.
   */
  decode(batch: RecordBatch): FieldColumns;
}

/** A requested field and the builder of its column. */
export interface NamedColumn {
  readonly field: Field;
  readonly builder: ColumnBuilder;
}

/**
 * Looks up the requested fields. @throws DEFINITION_INVALID if one does not exist or no column can
 * hold it
 */
export function namedColumns(
  event: EventDefinition,
  names: readonly string[],
): readonly NamedColumn[] {
  return names.map((name) => {
    const field = event.fields.find((candidate) => candidate.name === name);
    const builder = field === undefined ? null : createColumnBuilder(field);
    if (field !== undefined && builder !== null) return { field, builder };
    const known = event.fields.filter((f) => f.type.kind !== 'other').map((f) => f.name);
    throw new RepriseError(
      'DEFINITION_INVALID',
      `Event ${event.name} has no usable field "${name}". Use one of ${known.join(', ')}.`,
      { facts: { event: event.name, field: name } },
    );
  });
}

/** Writes the requested fields of a whole event into their columns. */
export function setRecord(named: readonly NamedColumn[], index: number, event: unknown): void {
  for (const { field, builder } of named) {
    const value = (event as Readonly<Record<string, unknown>>)[field.name];
    const isIso = field.type.kind === 'timestamp-millis' && typeof value === 'string';
    builder.set(index, isIso ? new Date(value) : value);
  }
}

/**
 * Adds the position of a failed record (`topic[partition]@offset`) to its error. An error that is
 * not a RepriseError becomes DECODE_FAILED.
 */
export function failureAt(batch: RecordBatch, index: number, error: unknown): RepriseError {
  const offset = batch.offsets[index] as number;
  const place = `${batch.topic}[${batch.partition}]@${offset}`;
  const known = error instanceof RepriseError ? error : null;
  return new RepriseError(known?.code ?? 'DECODE_FAILED', `${place}: ${(error as Error).message}`, {
    retriable: known?.retriable ?? false,
    cause: error,
    facts: { ...known?.facts, topic: batch.topic, partition: batch.partition, offset },
  });
}
