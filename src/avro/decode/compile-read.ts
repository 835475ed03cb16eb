import {
  type ColumnBuilder,
  DecimalBuilder,
  LongBuilder,
  NumberBuilder,
  TextBuilder,
} from '../../event/column-builder.ts';
import { type AvroType, type EnumType, logicalOf, type RecordField } from '../schema/avro-type.ts';
import { compileRefusal } from './compile-value-reader.ts';
import { type Cursor, failed } from './cursor.ts';
import { defaultBranch, defaultReader } from './default-reader.ts';
import { longAsDouble, longAsFloat } from './long-as-double.ts';
import { type Budget, skipValue } from './skip-value.ts';
import { targetType } from './target-type.ts';
import { dateRangeMs, unscaledOf } from './value-type.ts';

/**
 * One step over a record: reads one writer field at the cursor and, if the field is requested,
 * stores it for record `index`.
 */
export type Step = (cursor: Cursor, index: number) => void;

/** Compiles a step that skips a value, with the budget of its record. */
export function compileSkip(type: AvroType, budget: Budget): Step {
  switch (type.kind) {
    case 'long':
      return (cursor) => void cursor.long();
    case 'double':
      return (cursor) => void cursor.take(8);
    case 'string':
    case 'bytes':
      return (cursor) => void cursor.take(cursor.long());
    default:
      return (cursor) => skipValue(cursor, type, budget, 1);
  }
}

/**
 * Compiles a step over a value that nobody requested: it stores nothing and fails where the whole
 * event would. @throws Error if the types do not resolve
 */
export function compilePass(writer: AvroType, reader: AvroType, budget: Budget): Step {
  const { read, refuses } = compileRefusal(writer, reader);
  if (refuses === 'nothing') return compileSkip(writer, budget);
  if (writer.kind === 'union') {
    return branchSteps(writer.branches, (branch) => compilePass(branch, reader, budget));
  }
  if (writer.kind === 'long' && refuses === 'calendar') {
    return (cursor) => void calendar(cursor.long(), dateRangeMs);
  }
  return (cursor) => {
    const start = cursor.position;
    skipValue(cursor, writer, budget, 1);
    cursor.position = start;
    read(cursor);
  };
}

/**
 * Compiles a step that stores a writer's value in the reader's column. @throws Error if the types
 * do not resolve
 */
export function compileRead(writer: AvroType, reader: AvroType, builder: ColumnBuilder): Step {
  if (writer.kind === 'union') {
    return branchSteps(writer.branches, (branch) => compileRead(branch, reader, builder));
  }
  const target = targetType(writer, reader);
  if (target.kind === 'null') return (_cursor, index) => builder.setNull(index);
  return compileValue(writer, target, builder) ?? failing(`its column holds no ${target.kind}`);
}

function failing(problem: string): Step {
  return () => {
    throw failed(problem);
  };
}

function branchSteps(branches: readonly AvroType[], compile: (branch: AvroType) => Step): Step {
  const steps = branches.map((branch) => {
    try {
      return compile(branch);
    } catch (error) {
      return failing((error as Error).message);
    }
  });
  return (cursor, index) => (steps[cursor.index(steps.length)] as Step)(cursor, index);
}

function compileValue(writer: AvroType, reader: AvroType, builder: ColumnBuilder): Step | null {
  if (builder instanceof NumberBuilder) return compileNumber(writer, reader, builder);
  if (builder instanceof LongBuilder) return compileLong(writer, reader, builder);
  if (builder instanceof DecimalBuilder) return compileDecimal(writer, builder);
  if (builder instanceof TextBuilder) return compileText(writer, reader, builder);
  return null;
}

function compileNumber(writer: AvroType, reader: AvroType, builder: NumberBuilder): Step | null {
  const limit = logicalOf(reader)?.name === 'date' ? dateRangeMs / 86_400_000 : dateRangeMs;
  switch (`${writer.kind}>${reader.kind}`) {
    case 'boolean>boolean':
      return (c, i) => void (builder.values[i] = c.boolean());
    case 'int>int':
      return (c, i) => void (builder.values[i] = calendar(c.int(), limit));
    case 'int>long':
    case 'long>long':
      return (c, i) => void (builder.values[i] = calendar(whole(c, writer), limit));
    case 'int>float':
    case 'long>float':
      return (c, i) => void (builder.values[i] = longAsFloat(c));
    case 'int>double':
    case 'long>double':
      return (c, i) => void (builder.values[i] = longAsDouble(c));
    case 'float>float':
    case 'float>double':
      return (c, i) => void (builder.values[i] = c.float());
    case 'double>double':
      return (c, i) => void (builder.values[i] = c.double());
    default:
      return null;
  }
}

function whole(cursor: Cursor, writer: AvroType): number {
  return writer.kind === 'int' ? cursor.int() : cursor.long();
}

function calendar(value: number, limit: number): number {
  if (value > limit || value < -limit) throw failed(`${value} is beyond the calendar`);
  return value;
}

function compileLong(writer: AvroType, reader: AvroType, builder: LongBuilder): Step | null {
  if (reader.kind !== 'long') return null;
  if (writer.kind === 'int') return (c, i) => builder.setSafe(i, c.int());
  if (writer.kind !== 'long') return null;
  return (cursor, index) => {
    const from = cursor.position;
    const value = cursor.long();
    if (Number.isSafeInteger(value)) {
      builder.setSafe(index, value);
      return;
    }
    cursor.position = from;
    builder.setBig(index, cursor.longBig());
  };
}

function compileDecimal(writer: AvroType, builder: DecimalBuilder): Step {
  const size = writer.kind === 'fixed' ? writer.size : -1;
  return (cursor, index) => {
    const start = cursor.take(size < 0 ? cursor.long() : size);
    builder.unscaled[index] = unscaledOf(cursor.bytes, start, cursor.position);
  };
}

function compileText(writer: AvroType, reader: AvroType, builder: TextBuilder): Step | null {
  if (writer.kind === 'enum' && reader.kind === 'enum') return compileEnum(writer, reader, builder);
  if (writer.kind === 'fixed') {
    return (cursor, index) => {
      builder.start[index] = cursor.take(writer.size);
      builder.end[index] = cursor.position;
    };
  }
  if (writer.kind !== 'string' && writer.kind !== 'bytes') return null;
  return (cursor, index) => {
    const length = cursor.long();
    builder.start[index] = cursor.take(length);
    builder.end[index] = cursor.position;
  };
}

function compileEnum(writer: EnumType, reader: EnumType, builder: TextBuilder): Step {
  const other = reader.fallback === null ? -1 : reader.symbols.indexOf(reader.fallback);
  const targets = writer.symbols.map((symbol) => {
    const same = reader.symbols.indexOf(symbol);
    return same < 0 ? other : same;
  });
  return (cursor, index) => {
    const symbol = cursor.index(targets.length);
    const target = targets[symbol] as number;
    if (target < 0) throw failed(`symbol ${writer.symbols[symbol]} is unknown to the reader`);
    builder.setSymbol(index, target);
  };
}

/**
 * Compiles a step that stores the default of a field that the writer does not have. @throws Error
 * without default
 */
export function compileDefault(field: RecordField, builder: ColumnBuilder): Step {
  const value = defaultReader(field)();
  const isText = defaultBranch(field.type, field.fallback).kind === 'string';
  // One buffer for all records: the column stores it once per batch.
  const stored = isText ? Buffer.from(value as string) : value;
  return (_cursor, index) => builder.set(index, stored);
}
