import type { AvroType } from '../../../src/avro/schema/avro-type.ts';
import type { Random } from './random.ts';

/** Whole numbers at the ends of every range that a decoder knows: int, date, exact, calendar. */
const wholes = [0n, -1n, 5n, 100_000_000n, 100_000_001n, 2_147_483_647n, -2_147_483_648n];
const longs = [...wholes, 8_640_000_000_000_000n, 8_640_000_000_000_001n, -(1n << 63n)];
const texts = ['', 'a', 'é漢😀', '12345678'];

/** A random value of a type as Avro's bytes. */
export function randomBytes(random: Random, type: AvroType, depth = 0): Buffer {
  const inner = (part: AvroType) => randomBytes(random, part, depth + 1);
  switch (type.kind) {
    case 'null':
      return Buffer.alloc(0);
    case 'boolean':
      return Buffer.from([random.below(2)]);
    case 'int':
      return varint(random.pick(wholes));
    case 'long':
      return varint(random.pick(longs));
    case 'float':
    case 'double':
    case 'fixed': {
      const size = type.kind === 'fixed' ? type.size : type.kind === 'float' ? 4 : 8;
      return Buffer.from(Array.from({ length: size }, () => random.below(100)));
    }
    case 'bytes':
    case 'string':
      return prefixed(Buffer.from(random.pick(texts)));
    case 'enum':
      return varint(BigInt(random.below(type.symbols.length)));
    case 'union': {
      const none = type.branches.findIndex((branch) => branch.kind === 'null');
      const at = depth > 4 && none >= 0 ? none : random.below(type.branches.length);
      return Buffer.concat([varint(BigInt(at)), inner(type.branches[at] as AvroType)]);
    }
    case 'record':
      return Buffer.concat(type.fields.map((field) => inner(field.type)));
    case 'array':
    case 'map': {
      if (depth > 4 || random.below(3) === 0) return varint(0n);
      const key = type.kind === 'map' ? prefixed(Buffer.from('k')) : Buffer.alloc(0);
      const item = inner(type.kind === 'map' ? type.values : type.items);
      return Buffer.concat([varint(1n), key, item, varint(0n)]);
    }
  }
}

function prefixed(bytes: Buffer): Buffer {
  return Buffer.concat([varint(BigInt(bytes.length)), bytes]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value < 0n ? -value * 2n - 1n : value * 2n;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
