import {
  type ColumnBuilder,
  DecimalBuilder,
  LongBuilder,
  NumberBuilder,
  TextBuilder,
} from '../../event/column-builder.ts';
import { Decimal } from '../../event/decimal.ts';
import { type AvroType, type EnumType, logicalOf, type RecordField } from '../schema/avro-type.ts';
import { type Cursor, failed } from './cursor.ts';
import { defaultBranch } from './default-reader.ts';
import { longAsDouble, longAsFloat } from './long-as-double.ts';
import { pickBranch } from './pick-branch.ts';
import { createBudget, skipValue } from './skip-value.ts';
import { dateRangeMs, unscaledOf } from './value-type.ts';

/**
 * One step over a record: reads one writer field at the cursor and, if the field is requested,
 * stores it for record `index`.
 */
export type Step = (cursor: Cursor, index: number) => void;

/** Compiles a step that skips a value. */
export function compileSkip(type: AvroType): Step {
  switch (type.kind) {
    case 'long':
      return (cursor) => void cursor.long();
    case 'double':
      return (cursor) => void cursor.take(8);
    case 'string':
    case 'bytes':
      return (cursor) => void cursor.take(cursor.long());
    case 'union':
    case 'record':
    case 'array':
    case 'map':
      return (cursor) => skipValue(cursor, type, createBudget());
    default: {
      // A scalar uses nothing of its budget, so one budget serves all records.
      const budget = createBudget();
      return (cursor) => skipValue(cursor, type, budget);
    }
  }
}

/**
 * Compiles a step that stores a writer's value in the reader's column. @throws Error if the types
 * do not resolve
 */
export function compileRead(writer: AvroType, reader: AvroType, builder: ColumnBuilder): Step {
  if (writer.kind === 'union') {
    const steps = writer.branches.map((branch) => branchStep(branch, reader, builder));
    return (cursor, index) => (steps[cursor.index(steps.length)] as Step)(cursor, index);
  }
  if (reader.kind === 'union') {
    const target = pickBranch(writer, reader.branches);
    if (target === undefined) throw mismatch(writer, reader);
    return compileRead(writer, target, builder);
  }
  if (writer.kind === 'null' && reader.kind === 'null') {
    return (_cursor, index) => builder.setNull(index);
  }
  const step = compileValue(writer, reader, builder);
  if (step === null) throw mismatch(writer, reader);
  return step;
}

function branchStep(branch: AvroType, reader: AvroType, builder: ColumnBuilder): Step {
  try {
    return compileRead(branch, reader, builder);
  } catch (error) {
    return () => {
      throw failed((error as Error).message);
    };
  }
}

function mismatch(writer: AvroType, reader: AvroType): Error {
  return new Error(`written as ${writer.kind}, read as ${reader.kind}`);
}

function compileValue(writer: AvroType, reader: AvroType, builder: ColumnBuilder): Step | null {
  if (builder instanceof NumberBuilder) return compileNumber(writer, reader, builder);
  if (builder instanceof LongBuilder) return compileLong(writer, reader, builder);
  if (builder instanceof DecimalBuilder) return compileDecimal(writer, reader, builder);
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

function compileDecimal(writer: AvroType, reader: AvroType, builder: DecimalBuilder): Step | null {
  if (writer.kind !== reader.kind) return null;
  if (writer.kind !== 'bytes' && writer.kind !== 'fixed') return null;
  if (writer.kind === 'fixed' && reader.kind === 'fixed' && writer.size !== reader.size)
    return null;
  const size = writer.kind === 'fixed' ? writer.size : -1;
  return (cursor, index) => {
    const start = cursor.take(size < 0 ? cursor.long() : size);
    builder.unscaled[index] = unscaledOf(cursor.bytes, start, cursor.position);
  };
}

function compileText(writer: AvroType, reader: AvroType, builder: TextBuilder): Step | null {
  if (writer.kind === 'enum' && reader.kind === 'enum') return compileEnum(writer, reader, builder);
  const spans = (kind: string): boolean => kind === 'string' || kind === 'bytes';
  if (spans(writer.kind) && spans(reader.kind)) {
    return (cursor, index) => {
      const length = cursor.long();
      builder.start[index] = cursor.take(length);
      builder.end[index] = cursor.position;
    };
  }
  if (writer.kind !== 'fixed' || reader.kind !== 'fixed' || writer.size !== reader.size)
    return null;
  return (cursor, index) => {
    builder.start[index] = cursor.take(writer.size);
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
  if (field.fallback === undefined) throw new Error(`field ${field.name} has no default`);
  const value = defaultValue(defaultBranch(field.type, field.fallback), field.fallback);
  return (_cursor, index) => builder.set(index, value);
}

function defaultValue(type: AvroType, json: unknown): unknown {
  if (json === null) return null;
  if (type.kind === 'bytes' || type.kind === 'fixed') {
    const bytes = Buffer.from(String(json), 'latin1');
    const logical = type.logical;
    return logical?.name === 'decimal'
      ? new Decimal(unscaledOf(bytes, 0, bytes.length), logical.scale)
      : bytes;
  }
  if (type.kind === 'string') return Buffer.from(String(json));
  return json;
}
