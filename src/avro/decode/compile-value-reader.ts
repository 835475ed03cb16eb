import { Decimal } from '../../event/decimal.ts';
import { sourceFields } from '../compatibility/source-fields.ts';
import {
  type ArrayType,
  type AvroType,
  type EnumType,
  type Logical,
  logicalOf,
  type MapType,
  type RecordType,
} from '../schema/avro-type.ts';
import { branchName, isWrapped } from '../schema/branch-name.ts';
import { type Cursor, failed } from './cursor.ts';
import { defaultReader } from './default-reader.ts';
import { longAsDouble, longAsFloat } from './long-as-double.ts';
import { createBudget, skipValue } from './skip-value.ts';
import { targetType } from './target-type.ts';
import { dateText, unscaledOf } from './value-type.ts';

/**
 * Reads one value at the cursor. The bytes must have been validated against the writer's schema.
 */
export type ReadValue = (cursor: Cursor) => unknown;

/**
 * Compiles a reader of a writer's values as a reader's, with the results of Java's
 * `ResolvingDecoder` and the TypeScript values of reprise (ADR 0008). Branches of a writer's union
 * that cannot be read fail when they occur. @throws Error naming the types that do not resolve
 */
export function compileValueReader(writer: AvroType, reader: AvroType): ReadValue {
  return new ValueCompiler().compile(writer, reader);
}

/** As `compileValueReader`, and whether values of the writer's schema exist that it refuses. */
export function compileRefusal(
  writer: AvroType,
  reader: AvroType,
): { readonly read: ReadValue; readonly refuses: Refusal } {
  const compiler = new ValueCompiler();
  return { read: compiler.compile(writer, reader), refuses: compiler.refuses };
}

/** What a reader refuses: nothing, times beyond the calendar only, or other values too. */
export type Refusal = 'nothing' | 'calendar' | 'values';

class ValueCompiler {
  refuses: Refusal = 'nothing';
  private readonly records = new Map<RecordType, Map<RecordType, { read: ReadValue }>>();

  compile(writer: AvroType, reader: AvroType): ReadValue {
    if (writer.kind === 'union') {
      const reads = writer.branches.map((branch) => this.orFail(branch, reader));
      return (cursor) => (reads[cursor.index(reads.length)] as ReadValue)(cursor);
    }
    const target = targetType(writer, reader);
    const read = this.single(writer, target);
    if (reader.kind !== 'union' || target.kind === 'null' || !isWrapped(reader)) return read;
    const name = branchName(target);
    return (cursor) => ({ [name]: read(cursor) });
  }

  private single(writer: AvroType, reader: AvroType): ReadValue {
    if (writer.kind === 'record' && reader.kind === 'record') return this.record(writer, reader);
    if (writer.kind === 'array' && reader.kind === 'array') return this.array(writer, reader);
    if (writer.kind === 'map' && reader.kind === 'map') return this.map(writer, reader);
    if (writer.kind === 'enum' && reader.kind === 'enum') return this.symbol(writer, reader);
    const logical = logicalOf(reader)?.name;
    const isTime = logical === 'date' || logical === 'timestamp-millis';
    if (isTime && this.refuses === 'nothing') this.refuses = 'calendar';
    return scalarReader(writer, reader);
  }

  private orFail(writer: AvroType, reader: AvroType): ReadValue {
    try {
      return this.compile(writer, reader);
    } catch (error) {
      this.refuses = 'values';
      return () => {
        throw failed((error as Error).message);
      };
    }
  }

  private record(writer: RecordType, reader: RecordType): ReadValue {
    const byReader = this.records.get(writer) ?? new Map<RecordType, { read: ReadValue }>();
    this.records.set(writer, byReader);
    const known = byReader.get(reader);
    // The inner part of a recursive record is the outer record, which is not finished yet.
    if (known !== undefined) return (cursor) => known.read(cursor);
    const cell = { read: unfinished };
    byReader.set(reader, cell);
    try {
      cell.read = this.fields(writer, reader);
    } catch (error) {
      byReader.delete(reader); // elsewhere it must fail again, not be read unfinished
      throw error;
    }
    return cell.read;
  }

  private fields(writer: RecordType, reader: RecordType): ReadValue {
    const names = reader.fields.map((field) => field.name);
    const sources = sourceFields(writer, reader);
    const steps = writer.fields.map((from) => {
      const target = sources.indexOf(from);
      const to = reader.fields[target];
      return {
        target,
        read: to === undefined ? skip(from.type) : this.compile(from.type, to.type),
      };
    });
    const defaults = reader.fields.flatMap((field, target) =>
      sources[target] === undefined ? [{ target, read: defaultReader(field) }] : [],
    );
    const blank = Object.fromEntries(names.map((name) => [name, undefined]));
    return (cursor) => {
      const value: Record<string, unknown> = { ...blank };
      for (const { target, read } of steps) {
        const part = read(cursor);
        if (target >= 0) value[names[target] as string] = part;
      }
      for (const { target, read } of defaults) value[names[target] as string] = read();
      return value;
    };
  }

  private array(writer: ArrayType, reader: ArrayType): ReadValue {
    const read = this.compile(writer.items, reader.items);
    return (cursor) => {
      const items: unknown[] = [];
      eachItem(cursor, () => items.push(read(cursor)));
      return items;
    };
  }

  private symbol(writer: EnumType, reader: EnumType): ReadValue {
    const symbols = writer.symbols.map((symbol) =>
      reader.symbols.includes(symbol) ? symbol : reader.fallback,
    );
    if (symbols.includes(null)) this.refuses = 'values';
    return (cursor) => {
      const index = cursor.index(symbols.length);
      const symbol = symbols[index] as string | null;
      if (symbol === null) throw failed(`symbol ${writer.symbols[index]} is unknown to the reader`);
      return symbol;
    };
  }

  private map(writer: MapType, reader: MapType): ReadValue {
    const read = this.compile(writer.values, reader.values);
    return (cursor) => {
      const entries: Record<string, unknown> = {};
      eachItem(cursor, () => {
        const key = text(cursor);
        entries[key] = read(cursor);
      });
      return entries;
    };
  }
}

/** A field that the reader does not have. Its bytes have been validated within their budget. */
function skip(type: AvroType): ReadValue {
  return (cursor) => skipValue(cursor, type, createBudget());
}

function unfinished(_cursor: Cursor): unknown {
  throw new Error('a record is read before it is compiled');
}

function eachItem(cursor: Cursor, read: () => void): void {
  for (let count = cursor.long(); count !== 0; count = cursor.long()) {
    if (count < 0) {
      count = -count;
      cursor.long();
    }
    for (let item = 0; item < count; item += 1) read();
  }
}

function scalarReader(writer: AvroType, reader: AvroType): ReadValue {
  const logical = logicalOf(reader);
  switch (`${writer.kind}>${reader.kind}`) {
    case 'null>null':
      return () => null;
    case 'boolean>boolean':
      return (cursor) => cursor.boolean() === 1;
    case 'int>int':
      return logical?.name === 'date'
        ? (cursor) => dateText(cursor.int())
        : (cursor) => cursor.int();
    case 'int>long':
    case 'long>long':
      return logical?.name === 'timestamp-millis' ? instant : (cursor) => cursor.longBig();
    case 'int>float':
    case 'long>float':
      return longAsFloat;
    case 'int>double':
    case 'long>double':
      return longAsDouble;
    case 'float>float':
    case 'float>double':
      return (cursor) => cursor.float();
    case 'double>double':
      return (cursor) => cursor.double();
    default:
      return spanReader(writer, reader, logical);
  }
}

function spanReader(writer: AvroType, reader: AvroType, logical: Logical | null): ReadValue {
  if (reader.kind === 'string') return text;
  return bytesReader(
    writer.kind === 'fixed' ? () => writer.size : (cursor) => cursor.long(),
    logical,
  );
}

function bytesReader(lengthOf: (cursor: Cursor) => number, logical: Logical | null): ReadValue {
  return (cursor) => {
    const start = cursor.take(lengthOf(cursor));
    if (logical?.name !== 'decimal')
      return Buffer.from(cursor.bytes.subarray(start, cursor.position));
    return new Decimal(unscaledOf(cursor.bytes, start, cursor.position), logical.scale);
  };
}

function text(cursor: Cursor): string {
  const start = cursor.take(cursor.long());
  const { buffer, byteOffset } = cursor.bytes;
  return Buffer.from(buffer, byteOffset + start, cursor.position - start).toString('utf8');
}

function instant(cursor: Cursor): Date {
  const ms = cursor.long();
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) throw failed(`${ms} is beyond the calendar`);
  return date;
}
