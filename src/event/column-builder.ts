import { Decimal } from './decimal.ts';
import type { FieldColumn } from './field-columns.ts';
import type { Field } from './field-type.ts';

const none = Buffer.alloc(0);

/**
 * Builds the column of one field, batch after batch: `begin`, one setter per record, `finish`.
 * Arrays are reused: a finished column is valid until the next `begin`.
 */
export abstract class ColumnBuilder {
  protected capacity = 0;
  private present = new Uint8Array(0);
  private nulls = false;

  /** Starts a batch of `count` records. `bytes` is the buffer that spans of text point into. */
  begin(count: number, bytes: Buffer): void {
    if (count > this.capacity) {
      this.capacity = Math.max(count, this.capacity * 2, 256);
      this.present = new Uint8Array(this.capacity);
      this.grow();
    }
    this.present.fill(1, 0, count);
    this.nulls = false;
    this.reset(bytes);
  }

  setNull(index: number): void {
    this.present[index] = 0;
    this.nulls = true;
  }

  /** Sets record `index` to a value of the field's TypeScript type (see field-type.ts). */
  set(index: number, value: unknown): void {
    if (value === null || value === undefined) this.setNull(index);
    else this.setValue(index, value);
  }

  finish(): FieldColumn {
    return this.column(this.nulls ? this.present : null);
  }

  protected abstract grow(): void;
  protected abstract reset(bytes: Buffer): void;
  protected abstract setValue(index: number, value: unknown): void;
  protected abstract column(present: Uint8Array | null): FieldColumn;
}

/** Columns of numbers, booleans, dates and millisecond timestamps. */
export class NumberBuilder extends ColumnBuilder {
  values = new Float64Array(0);

  protected grow(): void {
    this.values = new Float64Array(this.capacity);
  }
  protected reset(): void {}
  protected setValue(index: number, value: unknown): void {
    this.values[index] =
      typeof value === 'string' ? Date.parse(`${value}T00:00:00Z`) / 86_400_000 : Number(value);
  }
  protected column(present: Uint8Array | null): FieldColumn {
    return { kind: 'number', values: this.values, present };
  }
}

/** Columns of longs. Switches to exact bigints at the first value beyond 2^53. */
export class LongBuilder extends ColumnBuilder {
  values = new Float64Array(0);
  private exact: BigInt64Array | null = null;

  protected grow(): void {
    this.values = new Float64Array(this.capacity);
  }
  protected reset(): void {
    this.exact = null;
    this.values.fill(0);
  }
  setSafe(index: number, value: number): void {
    this.values[index] = value;
    if (this.exact !== null) this.exact[index] = BigInt(value);
  }
  setBig(index: number, value: bigint): void {
    if (this.exact === null) {
      const { values } = this;
      this.exact = new BigInt64Array(this.capacity);
      for (let at = 0; at < index; at += 1) this.exact[at] = BigInt(values[at] as number);
    }
    this.values[index] = Number(value);
    this.exact[index] = value;
  }
  protected setValue(index: number, value: unknown): void {
    const big = BigInt(value as bigint);
    const safe = Number(big);
    if (Number.isSafeInteger(safe)) this.setSafe(index, safe);
    else this.setBig(index, big);
  }
  protected column(present: Uint8Array | null): FieldColumn {
    return { kind: 'long', values: this.values, exact: this.exact, present };
  }
}

/**
 * Columns of text and bytes, as spans of the batch's bytes. Values from elsewhere are appended to a
 * copy of those bytes.
 */
export class TextBuilder extends ColumnBuilder {
  start = new Int32Array(0);
  end = new Int32Array(0);
  private base: Buffer = none;
  private extra: Buffer[] = [];
  private extraEnd = 0;
  private readonly places = new Map<Buffer, number>();
  private readonly symbols: Buffer | null;
  private readonly symbolEnds: Int32Array;
  private readonly indexes: ReadonlyMap<string, number>;

  /** `symbols`: the symbols of an enum field; its column points into a buffer of them. */
  constructor(symbols: readonly string[] | null) {
    super();
    const parts = (symbols ?? []).map((symbol) => Buffer.from(symbol));
    this.symbols = symbols === null ? null : Buffer.concat(parts);
    let end = 0;
    this.symbolEnds = Int32Array.from([0, ...parts.map((part) => (end += part.length))]);
    this.indexes = new Map((symbols ?? []).map((symbol, index) => [symbol, index]));
  }
  protected grow(): void {
    this.start = new Int32Array(this.capacity);
    this.end = new Int32Array(this.capacity);
  }
  protected reset(bytes: Buffer): void {
    this.base = this.symbols ?? bytes;
    this.extra = [];
    this.extraEnd = this.base.length;
    this.places.clear();
  }
  setSymbol(index: number, symbol: number): void {
    this.start[index] = this.symbolEnds[symbol] as number;
    this.end[index] = this.symbolEnds[symbol + 1] as number;
  }
  /** Sets a value that is not in the batch's bytes; the same buffer is stored once per batch. */
  setBytes(index: number, bytes: Buffer): void {
    let place = this.places.get(bytes);
    if (place === undefined) {
      place = this.extraEnd;
      this.extra.push(bytes);
      this.extraEnd += bytes.length;
      this.places.set(bytes, place);
    }
    this.start[index] = place;
    this.end[index] = place + bytes.length;
  }
  protected setValue(index: number, value: unknown): void {
    if (this.symbols !== null) this.setSymbol(index, this.indexes.get(value as string) as number);
    else this.setBytes(index, Buffer.isBuffer(value) ? value : Buffer.from(value as string));
  }
  protected column(present: Uint8Array | null): FieldColumn {
    const bytes =
      this.extra.length === 0
        ? this.base
        : Buffer.concat([this.base, ...this.extra], this.extraEnd);
    // The finished column holds them now; this builder must not keep them for the next batch.
    this.base = none;
    this.extra = [];
    this.places.clear();
    return { kind: 'text', bytes, start: this.start, end: this.end, present };
  }
}

/** Columns of decimals, as unscaled bigints. */
export class DecimalBuilder extends ColumnBuilder {
  unscaled: bigint[] = [];

  protected grow(): void {}
  protected reset(): void {
    this.unscaled = [];
  }
  override begin(count: number, bytes: Buffer): void {
    super.begin(count, bytes);
    this.unscaled = new Array<bigint>(count).fill(0n);
  }
  protected setValue(index: number, value: unknown): void {
    if (value instanceof Decimal) this.unscaled[index] = value.unscaled;
  }
  protected column(present: Uint8Array | null): FieldColumn {
    return { kind: 'decimal', unscaled: this.unscaled, present };
  }
}

/** Creates the builder for a field; null if no column can hold its type (`other`). */
export function createColumnBuilder(field: Field): ColumnBuilder | null {
  switch (field.type.kind) {
    case 'string':
    case 'uuid':
    case 'bytes':
      return new TextBuilder(null);
    case 'enum':
      return new TextBuilder(field.type.symbols);
    case 'long':
    case 'timestamp-micros':
      return new LongBuilder();
    case 'decimal':
      return new DecimalBuilder();
    case 'other':
      return null;
    default:
      return new NumberBuilder();
  }
}
