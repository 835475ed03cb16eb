import type { FieldValue } from './field-value.ts';
import { valueToJson } from './field-value.ts';

const MIXED_START = 0x9e3779b9 + 3_923_095;

let scratch = Buffer.alloc(1024);

/**
 * Hashes a value to an integer of 53 bits: Jenkins's lookup3 over the value's JSON text, the same
 * as Postgres's `hashtextextended(text, 0) >> 11`, so that a view can merge these hashes. Never
 * changes: it is part of stored state.
 */
export function hashValue(value: FieldValue): number {
  const text = JSON.stringify(valueToJson(value));
  if (scratch.length < text.length * 3) scratch = Buffer.alloc(text.length * 6);
  const length = scratch.write(text, 'utf8');
  return hashBytes(scratch, length);
}

/** Returns the first 53 bits of lookup3 (Bob Jenkins, 2006) over the first `length` bytes. */
function hashBytes(bytes: Buffer, length: number): number {
  let a = (MIXED_START + length) | 0;
  let b = a;
  let c = a;
  let at = 0;
  for (; at + 12 <= length; at += 12) {
    a = (a + bytes.readInt32LE(at)) | 0;
    b = (b + bytes.readInt32LE(at + 4)) | 0;
    c = (c + bytes.readInt32LE(at + 8)) | 0;
    a = ((a - c) | 0) ^ turned(c, 4);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ turned(a, 6);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ turned(b, 8);
    b = (b + a) | 0;
    a = ((a - c) | 0) ^ turned(c, 16);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ turned(a, 19);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ turned(b, 4);
    b = (b + a) | 0;
  }
  for (let rest = 0; at + rest < length; rest += 1) {
    const byte = bytes[at + rest] as number;
    if (rest < 4) a = (a + (byte << (8 * rest))) | 0;
    else if (rest < 8) b = (b + (byte << (8 * (rest - 4)))) | 0;
    // The lowest byte of c is reserved for the length.
    else c = (c + (byte << (8 * (rest - 7)))) | 0;
  }
  c = ((c ^ b) - turned(b, 14)) | 0;
  a = ((a ^ c) - turned(c, 11)) | 0;
  b = ((b ^ a) - turned(a, 25)) | 0;
  c = ((c ^ b) - turned(b, 16)) | 0;
  a = ((a ^ c) - turned(c, 4)) | 0;
  b = ((b ^ a) - turned(a, 14)) | 0;
  c = ((c ^ b) - turned(b, 24)) | 0;
  return (b >>> 0) * 2_097_152 + (c >>> 11);
}

function turned(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
