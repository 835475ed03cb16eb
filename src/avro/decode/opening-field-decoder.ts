import type { EventDefinition } from '../../event/event-definition.ts';
import type {
  FieldColumn,
  FieldColumns,
  RecordFailure,
  TextColumn,
} from '../../event/field-columns.ts';
import { type FieldDecoder, failureAt } from '../../event/field-decoder.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { openEvent } from '../pii/open-event.ts';
import { isSealed, type KeyRing, openValue } from '../pii/pii-envelope.ts';
import { piiFieldsOf } from '../pii/pii-fields.ts';
import { createEventDecoder, type EventDecoder } from './event-decoder.ts';
import { createFieldDecoder, type FieldDecoderOptions } from './field-decoder.ts';

/**
 * Creates a decoder as `createFieldDecoder` that also decrypts `pii` fields. If none is requested,
 * it is the same decoder, without extra cost.
 */
export function createOpeningFieldDecoder(
  options: FieldDecoderOptions,
  keys: KeyRing,
): FieldDecoder {
  const decoder = createFieldDecoder({ ...options, keys });
  const names = new Set(piiFieldsOf(options.event).map(({ name }) => name));
  const sealed = options.fields.flatMap((name, i) => (names.has(name) ? [i] : []));
  if (sealed.length === 0) return decoder;
  return {
    unresolvedSchemaIds: (batch) => decoder.unresolvedSchemaIds(batch),
    resolve: (schemaId, schema) => decoder.resolve(schemaId, schema),
    forget: (schemaId) => decoder.forget(schemaId),
    decode: (batch) => openColumns(batch, decoder.decode(batch), { sealed, keys }),
  };
}

/** Creates a decoder as `createEventDecoder` that also decrypts `pii` fields. */
export function createOpeningEventDecoder<Event>(
  event: EventDefinition<Event>,
  keys: KeyRing,
): EventDecoder<Event> {
  const decoder = createEventDecoder(event, keys);
  const fields = piiFieldsOf(event as EventDefinition);
  if (fields.length === 0) return decoder;
  return {
    resolve: (schemaId, schema) => decoder.resolve(schemaId, schema),
    forget: (schemaId) => decoder.forget(schemaId),
    knows: (schemaId) => decoder.knows(schemaId),
    decode(value) {
      return openEvent(decoder.decode(value), fields, keys) as Event;
    },
  };
}

function openColumns(
  batch: RecordBatch,
  decoded: FieldColumns,
  { sealed, keys }: { readonly sealed: readonly number[]; readonly keys: KeyRing },
): FieldColumns {
  const absent = decoded.absent ?? new Uint8Array(decoded.count);
  const failures: RecordFailure[] = [...decoded.failures];
  const columns: FieldColumn[] = [...decoded.columns];
  for (const i of sealed) {
    const column = columns[i];
    if (column?.kind !== 'text') continue;
    columns[i] = openColumn(
      column,
      decoded.count,
      (index, open) => {
        if (absent[index] === 1) return null;
        try {
          return open();
        } catch (error) {
          absent[index] = 1;
          failures.push({ index, error: failureAt(batch, index, error) });
          return null;
        }
      },
      keys,
    );
  }
  failures.sort((a, b) => a.index - b.index);
  return {
    count: decoded.count,
    columns,
    absent: failures.length > 0 ? absent : decoded.absent,
    failures,
  };
}

/** Decrypts a column into its own bytes: those of the batch must not change. */
function openColumn(
  column: TextColumn,
  count: number,
  attempt: (index: number, open: () => Buffer) => Buffer | null,
  keys: KeyRing,
): TextColumn {
  const { bytes, present } = column;
  const values: Buffer[] = [];
  const start = new Int32Array(count);
  const end = new Int32Array(count);
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    const from = column.start[i] as number;
    const until = column.end[i] as number;
    const value =
      present !== null && present[i] === 0
        ? null
        : attempt(i, () =>
            isSealed(bytes, from, until)
              ? openValue(bytes, from, until, keys)
              : bytes.subarray(from, until),
          );
    start[i] = at;
    at += value?.length ?? 0;
    end[i] = at;
    if (value !== null) values.push(value);
  }
  return { kind: 'text', bytes: Buffer.concat(values, at), start, end, present };
}
