import type { FieldValue } from './field-value.ts';
import { compareFieldValues, valueFromJson, valueToJson } from './field-value.ts';
import { hashValue } from './hash-value.ts';
import type { ObjectState } from './object-state.ts';

/** HyperLogLog with 2^12 registers (Flajolet et al. 2007). */
const REGISTERS = 4_096;
const INDEX_BITS = 12;

/** Different values: themselves, while there are at most `exactUpTo`; beyond that registers. Which of the two is a function of the set alone. */
export interface Distinct {
  values: Set<FieldValue> | null;
  registers: Uint8Array | null;
}

/** The set of different values of a field, exact up to a limit. */
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
        ? { hll: Buffer.from(registers as Uint8Array).toString('base64') }
        : [...values].sort(compareFieldValues).map(valueToJson),
    fromJson: (json) =>
      Array.isArray(json)
        ? { values: new Set(json.map(valueFromJson)), registers: null }
        : {
            values: null,
            registers: Uint8Array.from(Buffer.from((json as { hll: string }).hll, 'base64')),
          },
  };
}

/** How many different values there are, exactly or about. */
export function distinctCount({ values, registers }: Distinct): bigint {
  if (values !== null) return BigInt(values.size);
  let sum = 0;
  let zeros = 0;
  for (const rank of registers as Uint8Array) {
    sum += 2 ** -rank;
    if (rank === 0) zeros += 1;
  }
  const raw = ((0.7213 / (1 + 1.079 / REGISTERS)) * REGISTERS * REGISTERS) / sum;
  const estimate =
    raw <= 2.5 * REGISTERS && zeros > 0 ? REGISTERS * Math.log(REGISTERS / zeros) : raw;
  return BigInt(Math.round(estimate));
}

function registersOf(values: Iterable<FieldValue>): Uint8Array {
  const registers = new Uint8Array(REGISTERS);
  for (const value of values) register(registers, value);
  return registers;
}

function register(registers: Uint8Array, value: FieldValue): void {
  const [high, low] = hashValue(value);
  const index = high >>> (32 - INDEX_BITS);
  const rest = ((high << INDEX_BITS) | (low >>> (32 - INDEX_BITS))) >>> 0;
  const rank = rest === 0 ? 33 + Math.clz32((low << INDEX_BITS) >>> 0) : Math.clz32(rest) + 1;
  registers[index] = Math.max(registers[index] as number, rank);
}
