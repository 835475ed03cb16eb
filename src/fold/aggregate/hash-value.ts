import type { FieldValue } from './field-value.ts';

/** Two 32-bit halves of a hash of a value (two lanes of a multiplicative hash, mixed as in MurmurHash3's finaliser). Never changes: it is part of stored state. */
export function hashValue(value: FieldValue): readonly [number, number] {
  const text = typeof value === 'string' ? `s${value}` : `n${String(value)}`;
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995);
    b = (b << 13) | (b >>> 19);
  }
  return [mixed(a ^ (b >>> 7)), mixed(b ^ Math.imul(a, 0xc2b2ae35))];
}

function mixed(value: number): number {
  let h = value;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
