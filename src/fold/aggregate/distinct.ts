import type { FieldValue } from './field-value.ts';
import { compareFieldValues, valueFromJson, valueToJson } from './field-value.ts';
import { hashValue } from './hash-value.ts';
import type { ObjectState } from './object-state.ts';

/** HyperLogLog with 2^12 registers (Flajolet et al. 2007). */
const REGISTERS = 4_096;
/** Bits of a hash besides those that choose the register. */
const RANK_BITS = 41;
const BIAS = 0.7213 / (1 + 1.079 / REGISTERS);

/**
 * The distinct values: a set of at most `exactUpTo` values, beyond that registers. Which of the two
 * depends only on the set of values.
 */
export interface Distinct {
  values: Set<FieldValue> | null;
  registers: Uint8Array | null;
}

/** Creates the state of a field's distinct values, exact up to a limit. */
export function distinctState(exactUpTo: number): ObjectState<Distinct> {
  const add = (state: Distinct, value: FieldValue) => {
    if (state.values === null) {
      register(state.registers as Uint8Array, value);
      return;
    }
    state.values.add(value);
    if (state.values.size <= exactUpTo) return;
    state.registers = registersOf(state.values);
    state.values = null;
  };
  return {
    zero: () => ({ values: new Set(), registers: null }),
    add(state, value) {
      add(state, value);
      return state;
    },
    merge(state, other) {
      if (other.values !== null) {
        for (const value of other.values) add(state, value);
        return state;
      }
      const registers = state.registers ?? registersOf(state.values ?? []);
      const more = other.registers as Uint8Array;
      for (let i = 0; i < REGISTERS; i += 1) {
        registers[i] = Math.max(registers[i] as number, more[i] as number);
      }
      state.values = null;
      state.registers = registers;
      return state;
    },
    toJson: ({ values, registers }) =>
      values === null
        ? { hll: bitmapsOf(registers as Uint8Array) }
        : [...values].sort(compareFieldValues).map(valueToJson),
    fromJson: (json) =>
      Array.isArray(json)
        ? { values: new Set(json.map(valueFromJson)), registers: null }
        : {
            values: null,
            registers: registersFrom((json as { hll: readonly string[] | string }).hll),
          },
  };
}

/** Returns the number of distinct values, exact or estimated. */
export function distinctCount({ values, registers }: Distinct): bigint {
  if (values !== null) return BigInt(values.size);
  // Terms are added rank by rank, so that SQL can repeat the sum bit by bit.
  const ranks = new Float64Array(RANK_BITS + 2);
  for (const rank of registers as Uint8Array) ranks[rank] = (ranks[rank] as number) + 1;
  const sum = ranks.reduce((total, n, rank) => total + n / 2 ** rank, 0);
  const raw = (BIAS * REGISTERS * REGISTERS) / sum;
  const zeros = ranks[0] as number;
  const estimate =
    raw <= 2.5 * REGISTERS && zeros > 0 ? REGISTERS * Math.log(REGISTERS / zeros) : raw;
  return BigInt(Math.round(estimate));
}

function registersOf(values: Iterable<FieldValue>): Uint8Array {
  const registers = new Uint8Array(REGISTERS);
  for (const value of values) register(registers, value);
  return registers;
}

/**
 * Returns, for each rank from 1 to the greatest, a bitmap of the registers that reach it, base64;
 * the first register is the highest bit of the first byte. The registers of two sketches merge by a
 * bitwise OR, which a view's SQL does natively (migration 0028).
 */
function bitmapsOf(registers: Uint8Array): readonly string[] {
  const bitmaps: Buffer[] = [];
  for (let i = 0; i < REGISTERS; i += 1) {
    const rank = registers[i] as number;
    while (bitmaps.length < rank) bitmaps.push(Buffer.alloc(REGISTERS / 8));
    for (let reached = 0; reached < rank; reached += 1) {
      const bitmap = bitmaps[reached] as Buffer;
      bitmap[i >> 3] = (bitmap[i >> 3] as number) | (128 >> (i & 7));
    }
  }
  return bitmaps.map((bitmap) => bitmap.toString('base64'));
}

/** Returns the registers from their bitmaps, or from the format stored before migration 0028. */
function registersFrom(bitmaps: readonly string[] | string): Uint8Array {
  if (typeof bitmaps === 'string') return Uint8Array.from(Buffer.from(bitmaps, 'base64'));
  const registers = new Uint8Array(REGISTERS);
  for (const text of bitmaps) {
    const bitmap = Buffer.from(text, 'base64');
    for (let i = 0; i < REGISTERS; i += 1) {
      registers[i] = (registers[i] as number) + (((bitmap[i >> 3] as number) >> (7 - (i & 7))) & 1);
    }
  }
  return registers;
}

/**
 * Adds a value. The first 12 bits of its hash choose a register, which keeps the greatest rank: one
 * more than the number of leading zeros of the other bits.
 */
function register(registers: Uint8Array, value: FieldValue): void {
  const hash = hashValue(value);
  const index = Math.floor(hash / 2 ** RANK_BITS);
  const rest = hash - index * 2 ** RANK_BITS;
  const high = Math.floor(rest / 2 ** 32);
  const rank = high > 0 ? Math.clz32(high) - 22 : 10 + Math.clz32(rest);
  registers[index] = Math.max(registers[index] as number, rank);
}
