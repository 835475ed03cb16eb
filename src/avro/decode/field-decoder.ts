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
import { sourceFields } from '../compatibility/source-fields.ts';
import type { KeyRing } from '../pii/pii-envelope.ts';
import { parseRecordSchema } from '../schema/parse-schema.ts';
import {
  compileDefault,
  compilePass,
  compileRead,
  compileSkip,
  type Step,
} from './compile-read.ts';
import { headerBytes, peekSchemaId, readSchemaId } from './confluent-header.ts';
import { Cursor, failed } from './cursor.ts';
import { unknownSchema } from './event-decoder.ts';
import { type EventReader, type ResolvedWriter, resolveWriter } from './resolve-writer.ts';
import { createBudget, emptyItemsMax, skipValue } from './skip-value.ts';

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
  private readonly named: readonly NamedColumn[];
  private readonly reader: EventReader;
  private readonly programs = new Map<number, Program | Error>();
  private readonly cursor = new Cursor();
  /** Of the record that is being decoded. */
  private readonly budget = createBudget();

  constructor({ event, fields, keys }: FieldDecoderOptions) {
    this.named = namedColumns(event, fields);
    const reader = parseRecordSchema(event.schemaText ?? '', `event ${event.name}`);
    this.reader = { event, reader, keys };
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
    const resolved = resolveWriter(this.reader, schemaId, text);
    if (resolved instanceof Error) return resolved;
    const { writer, upcasts } = resolved;
    if (upcasts || writer.kind !== 'record') return [this.wholeStep(resolved)];
    const { reader } = this.reader;
    const sources = sourceFields(writer, reader);
    const columns = reader.fields.map((to) =>
      this.named.find(({ field }) => field.name === to.name),
    );
    const steps = writer.fields.map((from) => {
      const target = sources.indexOf(from);
      const to = reader.fields[target];
      const column = columns[target];
      if (to === undefined) return compileSkip(from.type, this.budget);
      return column === undefined
        ? compilePass(from.type, to.type, this.budget)
        : compileRead(from.type, to.type, column.builder);
    });
    const defaults = reader.fields.flatMap((field, target) => {
      const column = sources[target] === undefined ? columns[target] : undefined;
      return column === undefined ? [] : [compileDefault(field, column.builder)];
    });
    return [...steps, ...defaults];
  }

  /**
   * Reads a whole event, through its upcasters if it has any. Validates its bytes, which no other
   * step does.
   */
  private wholeStep({ writer, read }: ResolvedWriter): Step {
    return (cursor, index) => {
      const start = cursor.position;
      skipValue(cursor, writer, this.budget);
      cursor.position = start;
      setRecord(this.named, index, read(cursor));
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
    const { cursor, budget } = this;
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
      budget.emptyItemsMax = emptyItemsMax;
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
