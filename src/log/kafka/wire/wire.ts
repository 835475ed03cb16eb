/**
 * Writes Kafka's protocol types, big-endian. Chainable. Compact types (`compact…`, `tags`) belong
 * to flexible versions (KIP-482).
 */
export class WireWriter {
  readonly #parts: Buffer[] = [];

  int8(value: number): this {
    return this.#push(1, (part) => part.writeInt8(value));
  }

  int16(value: number): this {
    return this.#push(2, (part) => part.writeInt16BE(value));
  }

  int32(value: number): this {
    return this.#push(4, (part) => part.writeInt32BE(value));
  }

  int64(value: bigint): this {
    return this.#push(8, (part) => part.writeBigInt64BE(value));
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const text = Buffer.from(value);
    this.int16(text.length);
    this.#parts.push(text);
    return this;
  }

  array<T>(values: readonly T[], write: (value: T) => void): this {
    this.int32(values.length);
    for (const value of values) write(value);
    return this;
  }

  unsignedVarint(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.#push(1, (part) => part.writeUInt8((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    return this.#push(1, (part) => part.writeUInt8(rest));
  }

  compactString(value: string): this {
    const text = Buffer.from(value);
    this.unsignedVarint(text.length + 1);
    this.#parts.push(text);
    return this;
  }

  compactArray<T>(values: readonly T[], write: (value: T) => void): this {
    this.unsignedVarint(values.length + 1);
    for (const value of values) write(value);
    return this;
  }

  raw(bytes: Buffer): this {
    this.#parts.push(bytes);
    return this;
  }

  /** Writes an empty list of tagged fields. */
  tags(): this {
    return this.unsignedVarint(0);
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #push(size: number, write: (part: Buffer) => void): this {
    const part = Buffer.allocUnsafe(size);
    write(part);
    this.#parts.push(part);
    return this;
  }
}

/** Reads Kafka's protocol types in place. @throws RangeError beyond the end */
export class WireReader {
  readonly bytes: Buffer;
  position = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  int8(): number {
    return this.bytes.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#advance(4));
  }

  int64(): bigint {
    return this.bytes.readBigInt64BE(this.#advance(8));
  }

  string(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.#text(length);
  }

  /** Reads an array; a null array as an empty one. */
  array<T>(read: () => T): T[] {
    return this.#values(this.int32(), read);
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes.readUInt8(this.#advance(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value >>> 0;
  }

  compactString(): string | null {
    const length = this.unsignedVarint() - 1;
    return length < 0 ? null : this.#text(length);
  }

  compactArray<T>(read: () => T): T[] {
    return this.#values(this.unsignedVarint() - 1, read);
  }

  /** Reads 16 bytes as a UUID in its usual notation. */
  uuid(): string {
    const at = this.#advance(16);
    const hex = this.bytes.toString('hex', at, at + 16);
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  skip(count: number): void {
    this.#advance(count);
  }

  /** Skips all tagged fields. */
  tags(): void {
    for (let left = this.unsignedVarint(); left > 0; left -= 1) {
      this.unsignedVarint();
      this.skip(this.unsignedVarint());
    }
  }

  #values<T>(count: number, read: () => T): T[] {
    const values: T[] = [];
    for (let i = 0; i < count; i += 1) values.push(read());
    return values;
  }

  #text(length: number): string {
    const at = this.#advance(length);
    return this.bytes.toString('utf8', at, at + length);
  }

  #advance(count: number): number {
    const at = this.position;
    if (count < 0 || at + count > this.bytes.length) {
      throw new RangeError(
        `a response of ${this.bytes.length} bytes ends before byte ${at + count}`,
      );
    }
    this.position = at + count;
    return at;
  }
}
