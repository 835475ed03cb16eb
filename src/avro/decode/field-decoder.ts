import type { EventDefinition } from '../../event/event-definition.ts';
import type { FieldColumns, RecordFailure } from '../../event/field-columns.ts';
import {
  type FieldDecoder,
  failureAt,
  type NamedColumn,
  namedColumns,
  setRecord,
} from '../../event/field-decoder.ts';
import { createJsonFieldDecoder } from '../../event/json-field-decoder.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { isRepriseError } from '../../reprise-error.ts';
import { checkLogicalTypes, writerFieldOf } from '../compatibility/check-logical-types.ts';
import type { KeyRing } from '../pii/pii-envelope.ts';
import type { RecordType } from '../schema/avro-type.ts';
import { parseRecordSchema } from '../schema/parse-schema.ts';
import { compileDefault, compileRead, compileSkip, type Step } from './compile-read.ts';
import { compileUpcastReader } from './compile-upcast-reader.ts';
import type { ReadValue } from './compile-value-reader.ts';
import { headerBytes, peekSchemaId, readSchemaId } from './confluent-header.ts';
import { Cursor, failed } from './cursor.ts';
import { incompatible, unknownSchema } from './event-decoder.ts';
import { createBudget, skipValue } from './skip-value.ts';

export type { FieldDecoder } from '../../event/field-decoder.ts';

/** Options of a field decoder: an event and the requested fields, in the order of the columns. */
export interface FieldDecoderOptions {
  readonly event: EventDefinition;
  readonly fields: readonly string[];
  /** For upcasters, which get `pii` fields decrypted. */
  readonly keys?: KeyRing;
}

/**
 * Creates the decoder of requested fields for any format. @throws DEFINITION_INVALID for unknown
 * fields, SCHEMA_INVALID
 */
export function createFieldDecoder(options: FieldDecoderOptions): FieldDecoder {
  return options.event.format === 'avro'
    ? new AvroFieldDecoder(options)
    : createJsonFieldDecoder(options.event, options.fields);
}

/**
 * The steps of one writer schema: the writer's fields in order, then the defaults of requested
 * fields that it lacks.
 */
type Program = readonly Step[];

class AvroFieldDecoder implements FieldDecoder {
  private readonly event: EventDefinition;
  private readonly keys: KeyRing | undefined;
  private readonly named: readonly NamedColumn[];
  private readonly reader: RecordType;
  private readonly programs = new Map<number, Program | Error>();
  private readonly cursor = new Cursor();

  constructor({ event, fields, keys }: FieldDecoderOptions) {
    this.event = event;
    this.keys = keys;
    this.named = namedColumns(event, fields);
    this.reader = parseRecordSchema(event.schemaText ?? '', `event ${event.name}`);
  }

  unresolvedSchemaIds(batch: RecordBatch): readonly number[] {
    const missing = new Set<number>();
    let last = -1;
    for (let index = 0; index < batch.count; index += 1) {
      const start = batch.valueStart[index] as number;
      if (start < 0) continue;
      const id = peekSchemaId(batch.bytes, start, batch.valueEnd[index] as number);
      if (id === last || id < 0) continue;
      last = id;
      if (!this.programs.has(id)) missing.add(id);
    }
    return [...missing];
  }

  resolve(schemaId: number, schema: string | Error): void {
    const found = typeof schema === 'string' ? this.compile(schemaId, schema) : schema;
    this.programs.set(schemaId, found);
  }

  forget(schemaId: number): void {
    this.programs.delete(schemaId);
  }

  private compile(schemaId: number, text: string): Program | Error {
    try {
      const origin = `schema ${schemaId}`;
      const writer = parseRecordSchema(text, origin);
      const upcast = compileUpcastReader(this.event, { text, origin }, this.keys);
      if (upcast !== null) return [this.upcastStep(writer, upcast)];
      checkLogicalTypes(writer, this.reader, `${origin}, event ${this.event.name}`);
      const unread = new Map(
        this.named.map((column) => [column.field.name, column] as [string, NamedColumn]),
      );
      const targets = this.reader.fields.map((f) => [writerFieldOf(writer, f), f] as const);
      const steps = writer.fields.map((from) => {
        const to = targets.find(([source]) => source === from)?.[1];
        const column = to === undefined ? undefined : unread.get(to.name);
        if (to === undefined || column === undefined) return compileSkip(from.type);
        unread.delete(to.name);
        return compileRead(from.type, to.type, column.builder);
      });
      for (const [source, field] of targets) {
        const column = unread.get(field.name);
        if (source === undefined && column !== undefined) {
          steps.push(compileDefault(field, column.builder));
        } else if (source === undefined && field.fallback === undefined) {
          throw new Error(`field ${field.name} has no default`);
        }
      }
      return steps;
    } catch (error) {
      return isRepriseError(error) ? error : incompatible(this.event.name, schemaId, error);
    }
  }

  /** Reads a whole event through its upcasters. Validates its bytes, which no other step does. */
  private upcastStep(writer: RecordType, upcast: ReadValue): Step {
    return (cursor, index) => {
      const start = cursor.position;
      skipValue(cursor, writer, createBudget());
      cursor.position = start;
      setRecord(this.named, index, upcast(cursor));
    };
  }

  decode(batch: RecordBatch): FieldColumns {
    const failures: RecordFailure[] = [];
    const absent = { flags: null as Uint8Array | null };
    for (const { builder } of this.named) builder.begin(batch.count, batch.bytes);
    this.cursor.attach(batch.bytes);
    let index = 0;
    while (index < batch.count) {
      try {
        index = this.run(batch, index, absent);
      } catch (error) {
        index = this.current;
        absent.flags ??= new Uint8Array(batch.count);
        absent.flags[index] = 1;
        failures.push({ index, error: failureAt(batch, index, error) });
        index += 1;
      }
    }
    const columns = this.named.map(({ builder }) => builder.finish());
    this.cursor.release();
    return { count: batch.count, columns, absent: absent.flags, failures };
  }

  /** The record that `run` is decoding: after a failure it continues behind it. */
  private current = 0;

  private run(batch: RecordBatch, from: number, absent: { flags: Uint8Array | null }): number {
    const { bytes, count, valueStart, valueEnd } = batch;
    const { cursor } = this;
    let lastId = -1;
    let program: Program = [];
    for (let index = from; index < count; index += 1) {
      this.current = index;
      const start = valueStart[index] as number;
      const end = valueEnd[index] as number;
      if (start < 0) {
        absent.flags ??= new Uint8Array(count);
        absent.flags[index] = 1;
        continue;
      }
      const id = peekSchemaId(bytes, start, end);
      if (id !== lastId || id < 0) {
        program = this.programOf(readSchemaId(bytes, start, end));
        lastId = id;
      }
      cursor.position = start + headerBytes;
      cursor.end = end;
      for (let step = 0; step < program.length; step += 1) (program[step] as Step)(cursor, index);
      if (cursor.position !== end) throw failed('bytes are left over at its end');
    }
    return count;
  }

  private programOf(schemaId: number): Program {
    const program = this.programs.get(schemaId);
    if (program === undefined) throw unknownSchema(schemaId);
    if (program instanceof Error) throw program;
    return program;
  }
}
