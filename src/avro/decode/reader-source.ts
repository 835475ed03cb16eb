import type { EventDefinition } from '../../event/event-definition.ts';
import { sourceFields } from '../compatibility/source-fields.ts';
import type { AvroType, RecordType } from '../schema/avro-type.ts';
import { parseRecordSchema } from '../schema/parse-schema.ts';
import { compileRefusal } from './compile-value-reader.ts';
import { resolveWriter } from './resolve-writer.ts';
import { targetType } from './target-type.ts';
import { dateRangeMs } from './value-type.ts';

/** Maximum nesting; deeper records are left to the decoder that checks its budget. */
const DEPTH_MAX = 8;

/** Options of `readerSource`. */
export interface ReaderSourceOptions {
  readonly event: EventDefinition;
  /** The requested fields. */
  readonly fields: readonly string[];
  /** The writer's schema. */
  readonly schemaText: string;
}

/**
 * Generates JavaScript that reads the requested fields of one record (ADR 0030); null if only the
 * column decoder can. The statements use `bytes`, `view` (a DataView of them), `at` (the first byte
 * of the record, advanced past it) and `end`. On anything unusual they `break records`; the caller
 * checks whether `at` has passed `end`. They declare for field n `value{n}` (a double), or
 * `start{n}` and `end{n}` (of text), and `present{n}`.
 */
export function readerSource({ event, fields, schemaText }: ReaderSourceOptions): string | null {
  try {
    const reader = parseRecordSchema(event.schemaText ?? '', 'reader');
    const resolved = resolveWriter({ event, reader }, 0, schemaText);
    if (resolved instanceof Error || resolved.upcasts || resolved.writer.kind !== 'record')
      return null;
    return new ReaderWriter(event, fields).record(resolved.writer, reader);
  } catch {
    return null; // the column decoder reports the error
  }
}

/** Thrown for a schema that needs something no statement is generated for. */
class Unsupported extends Error {}

class ReaderWriter {
  readonly #event: EventDefinition;
  readonly #fields: readonly string[];
  #names = 0;

  constructor(event: EventDefinition, fields: readonly string[]) {
    this.#event = event;
    this.#fields = fields;
  }

  record(writer: RecordType, reader: RecordType): string {
    const sources = sourceFields(writer, reader);
    if (sources.includes(undefined)) throw new Unsupported();
    const statements = writer.fields.map((from) => {
      const to = reader.fields[sources.indexOf(from)];
      if (to === undefined) return this.#skip(from.type, 0);
      const n = this.#fields.indexOf(to.name);
      return n < 0 ? this.#pass(from.type, to.type) : this.#read(from.type, to.type, n);
    });
    return [...this.#fields.map((name, n) => this.#declare(name, n)), ...statements].join('\n');
  }

  #declare(name: string, n: number): string {
    switch (this.#event.fields.find((field) => field.name === name)?.type.kind) {
      case 'string':
      case 'uuid':
        return `let start${n} = 0, end${n} = 0, present${n} = true;`;
      case 'double':
      case 'float':
      case 'timestamp-millis':
        return `let value${n} = 0, present${n} = true;`;
      default:
        throw new Unsupported();
    }
  }

  #read(writer: AvroType, reader: AvroType, n: number): string {
    if (writer.kind === 'union')
      return this.#branches(writer.branches, (branch) => this.#read(branch, reader, n));
    switch (`${writer.kind}>${targetType(writer, reader).kind}`) {
      case 'null>null':
        return `present${n} = false;`;
      case 'string>string':
      case 'bytes>string':
        return `${this.#length(`length${n}`)} start${n} = at; at += length${n}; end${n} = at;`;
      case 'double>double':
        return `if (at + 8 > end) break records; value${n} = view.getFloat64(at, true); at += 8;`;
      case 'float>float':
      case 'float>double':
        return `if (at + 4 > end) break records; value${n} = view.getFloat32(at, true); at += 4;`;
      case 'long>long':
        return `${this.#long(`value${n}`)} if (value${n} > ${dateRangeMs} || value${n} < -${dateRangeMs}) break records;`;
      default:
        throw new Unsupported();
    }
  }

  /** Reads past a field that nobody requested. */
  #pass(writer: AvroType, reader: AvroType): string {
    const { refuses } = compileRefusal(writer, reader);
    if (refuses === 'values') throw new Unsupported();
    return this.#skip(writer, 0, refuses === 'calendar');
  }

  /** `hasTimes`: leaves records with numbers that are no time to the column decoder. */
  #skip(type: AvroType, depth: number, hasTimes = false): string {
    if (depth > DEPTH_MAX) throw new Unsupported();
    switch (type.kind) {
      case 'null':
        return '';
      case 'boolean':
        return 'if (bytes[at++] > 1) break records;';
      case 'float':
        return 'at += 4;';
      case 'double':
        return 'at += 8;';
      case 'fixed':
        return `at += ${type.size};`;
      case 'bytes':
      case 'string': {
        const length = this.#name();
        return `${this.#length(length)} at += ${length};`;
      }
      case 'int':
        return this.#within(hasTimes ? dateRangeMs / 86_400_000 : 2147483647);
      case 'long':
        return hasTimes ? this.#within(dateRangeMs) : this.#checkedLong(() => 'false');
      case 'enum':
        return this.#checkedLong((value) => `${value} < 0 || ${value} >= ${type.symbols.length}`);
      case 'union':
        return this.#branches(type.branches, (branch) => this.#skip(branch, depth + 1, hasTimes));
      case 'record':
        return type.fields.map((field) => this.#skip(field.type, depth + 1, hasTimes)).join('\n');
      default:
        throw new Unsupported();
    }
  }

  #branches(branches: readonly AvroType[], source: (branch: AvroType) => string): string {
    const cases = branches.map((branch, index) => `case ${index}: { ${source(branch)} break; }`);
    const index = this.#name();
    return `let ${index}; ${this.#long(index)} switch (${index}) { ${cases.join('\n')} default: break records; }`;
  }

  #within(limit: number): string {
    return this.#checkedLong((value) => `${value} > ${limit} || ${value} < -${limit}`);
  }

  #checkedLong(isWrong: (value: string) => string): string {
    const value = this.#name();
    return `let ${value}; ${this.#long(value)} if (${isWrong(value)}) break records;`;
  }

  /** Declares a length and checks that the record has that many bytes. */
  #length(name: string): string {
    return `let ${name}; ${this.#long(name)} if (${name} < 0 || ${name} > end - at) break records;`;
  }

  /**
   * Reads a zigzag varint into a variable: low 28 bits as an integer, the rest as a double; beyond
   * what a double holds exactly, `break records`.
   */
  #long(into: string): string {
    return `
${into} = bytes[at++];
if (${into} < 128) ${into} = (${into} >>> 1) ^ -(${into} & 1);
else {
  let low = ${into} & 127, byte = bytes[at++];
  low |= (byte & 127) << 7;
  if (byte >= 128) {
    byte = bytes[at++]; low |= (byte & 127) << 14;
    if (byte >= 128) { byte = bytes[at++]; low |= (byte & 127) << 21; }
  }
  if (byte < 128) ${into} = (low >>> 1) ^ -(low & 1);
  else {
    let high = 0, scale = 1;
    do { byte = bytes[at++]; high += (byte & 127) * scale; scale *= 128; } while (byte >= 128 && scale < 34359738368);
    if (byte >= 128) break records;
    ${into} = high * 134217728 + (low >>> 1);
    if (!(${into} < 9007199254740991)) break records;
    if ((low & 1) === 1) ${into} = -${into} - 1;
  }
}`;
  }

  #name(): string {
    this.#names += 1;
    return `skipped${this.#names}`;
  }
}
