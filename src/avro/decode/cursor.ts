import { RepriseError } from '../../reprise-error.ts';

const scratch = new ArrayBuffer(0);
const NOTHING = new Uint8Array(scratch);
const NO_VIEW = new DataView(scratch);

/** A read position in the bytes of one record. Every read checks that it stays below `end`. */
export class Cursor {
  bytes: Uint8Array = new Uint8Array(scratch);
  view: DataView = new DataView(scratch);
  position = 0;
  end = 0;

  /** Sets the bytes; positions count from their start. */
  attach(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Releases the bytes: they may be a response of many megabytes. */
  release(): void {
    this.bytes = NOTHING;
    this.view = NO_VIEW;
  }

  /** Skips `length` bytes and returns their start. @throws DECODE_FAILED */
  take(length: number): number {
    const start = this.position;
    if (length < 0 || length > this.end - start) throw truncated(length, this.end - start);
    this.position = start + length;
    return start;
  }

  /**
   * Reads a zigzag varint as a number; exact below 2^53 (`longBig` is always exact). @throws
   * DECODE_FAILED
   */
  long(): number {
    const { bytes, end } = this;
    let at = this.position;
    let low = 0;
    let shift = 0;
    let byte = 0x80;
    while (byte >= 0x80 && shift < 28) {
      if (at >= end) throw truncated(1, 0);
      byte = bytes[at++] as number;
      low |= (byte & 0x7f) << shift;
      shift += 7;
    }
    if (byte < 0x80) {
      this.position = at;
      return (low >>> 1) ^ -(low & 1);
    }
    return this.longTail(at, low);
  }

  private longTail(from: number, low: number): number {
    const { bytes, end } = this;
    let at = from;
    let high = 0;
    let scale = 1;
    let byte = 0x80;
    while (byte >= 0x80) {
      if (at >= end) throw truncated(1, 0);
      if (at - from === 6) throw tooLong();
      byte = bytes[at++] as number;
      if (at - from === 6 && byte > 1) throw tooLong();
      high += (byte & 0x7f) * scale;
      scale *= 128;
    }
    this.position = at;
    const half = high * 134217728 + (low >>> 1);
    return (low & 1) === 1 ? -half - 1 : half;
  }

  /** Reads a zigzag varint, exact. @throws DECODE_FAILED */
  longBig(): bigint {
    const from = this.position;
    this.long();
    let value = 0n;
    for (let at = this.position - 1; at >= from; at -= 1) {
      value = (value << 7n) | BigInt((this.bytes[at] as number) & 0x7f);
    }
    return (value >> 1n) ^ -(value & 1n);
  }

  /** Reads an int. @throws DECODE_FAILED outside 32 bits */
  int(): number {
    const value = this.long();
    if (value > 2147483647 || value < -2147483648) throw failed(`an int is out of range: ${value}`);
    return value;
  }

  /** Reads 0 or 1. @throws DECODE_FAILED for any other byte */
  boolean(): number {
    const value = this.bytes[this.take(1)] as number;
    if (value > 1) throw failed(`a boolean is ${value}, neither 0 nor 1`);
    return value;
  }

  float(): number {
    return this.view.getFloat32(this.take(4), true);
  }

  double(): number {
    return this.view.getFloat64(this.take(8), true);
  }

  /**
   * Reads the index of an enum symbol or union branch. @throws DECODE_FAILED outside `[0, count)`
   */
  index(count: number): number {
    const value = this.long();
    if (value < 0 || value >= count) {
      throw failed(`an enum symbol or union branch is ${value}, beyond the ${count} of the schema`);
    }
    return value;
  }
}

/** Creates the error for bytes that do not follow their writer schema. */
export function failed(problem: string): RepriseError {
  return new RepriseError(
    'DECODE_FAILED',
    `The value does not follow its writer schema: ${problem}. Look at its producer and schema id.`,
  );
}

function truncated(wanted: number, left: number): RepriseError {
  return failed(`${wanted} more bytes are announced and ${left} are left`);
}

function tooLong(): RepriseError {
  return failed('a number is longer than 64 bits');
}
