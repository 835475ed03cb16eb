import type { RecordBatch } from '../log/record-batch.ts';
import type { EventDefinition } from './event-definition.ts';
import type { FieldColumns, RecordFailure } from './field-columns.ts';
import {
  type FieldDecoder,
  failureAt,
  type NamedColumn,
  namedColumns,
  setRecord,
} from './field-decoder.ts';
import { parseJsonEvent } from './parse-json-event.ts';

/**
 * Decodes JSON and raw events into columns, record by record. Only requested fields are put into
 * columns, but every record is parsed and validated whole.
 * @throws DEFINITION_INVALID if a field does not exist
 */
export function createJsonFieldDecoder(
  event: EventDefinition,
  fields: readonly string[],
): FieldDecoder {
  const named = namedColumns(event, fields);
  return {
    unresolvedSchemaIds: () => [],
    resolve: () => undefined,
    forget: () => undefined,
    decode: (batch) => decodeBatch(event, named, batch),
  };
}

function decodeBatch(
  event: EventDefinition,
  named: readonly NamedColumn[],
  batch: RecordBatch,
): FieldColumns {
  const failures: RecordFailure[] = [];
  let absent: Uint8Array | null = null;
  for (const { builder } of named) builder.begin(batch.count, batch.bytes);
  for (let index = 0; index < batch.count; index += 1) {
    const start = batch.valueStart[index] as number;
    if (start < 0) {
      absent ??= new Uint8Array(batch.count);
      absent[index] = 1;
      continue;
    }
    try {
      const value = batch.bytes.subarray(start, batch.valueEnd[index]);
      setRecord(named, index, event.format === 'raw' ? { value } : parseJsonEvent(event, value));
    } catch (error) {
      absent ??= new Uint8Array(batch.count);
      absent[index] = 1;
      failures.push({ index, error: failureAt(batch, index, error) });
    }
  }
  return {
    count: batch.count,
    columns: named.map(({ builder }) => builder.finish()),
    absent,
    failures,
  };
}
