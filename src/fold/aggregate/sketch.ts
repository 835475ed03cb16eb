import type { FieldType } from '../../event/field-type.ts';
import { Buckets } from './buckets.ts';
import { asDouble } from './field-value.ts';
import { powerOfTwo } from './nearest-double.ts';
import type { ObjectState } from './object-state.ts';

/**
 * DDSketch (Masson, Rim and Lee 2019): counts by logarithmic bucket, so that each value is known
 * within a relative error. The logarithm is interpolated between powers of two, by arithmetic that
 * IEEE 754 defines bit by bit: every machine, and SQL, computes the same bucket. Buckets are never
 * collapsed: the state depends only on the values, and has at most 2,098 times `slotsOf` buckets
 * for each sign.
 */
export interface Sketch {
  readonly positive: Buckets;
  readonly negative: Buckets;
  zeros: number;
  /** Counts of −Infinity, Infinity, NaN. */
  readonly special: [number, number, number];
  count: number;
}

/** Returns the number of buckets of equal width between a power of two and the next. */
function slotsOf(relativeError: number): number {
  return Math.ceil((1 - relativeError) / (2 * relativeError));
}

/** Creates the state: counts of a field's values by logarithmic bucket. */
export function sketchState(
  relativeError: number,
  type: FieldType | undefined,
): ObjectState<Sketch> {
  const slots = slotsOf(relativeError);
  return {
    zero: () => ({
      positive: new Buckets(),
      negative: new Buckets(),
      zeros: 0,
      special: [0, 0, 0],
      count: 0,
    }),
    add(sketch, value) {
      const x = typeof value === 'number' ? value : asDouble(value, type as FieldType);
      sketch.count += 1;
      if (x === 0) sketch.zeros += 1;
      else if (x - x !== 0) sketch.special[x !== x ? 2 : x > 0 ? 1 : 0] += 1;
      else {
        const side = x > 0 ? sketch.positive : sketch.negative;
        side.add(bucketOf(Math.abs(x), slots), 1);
      }
      return sketch;
    },
    merge(sketch, other) {
      sketch.positive.addAll(other.positive);
      sketch.negative.addAll(other.negative);
      for (const i of [0, 1, 2] as const) sketch.special[i] += other.special[i];
      sketch.zeros += other.zeros;
      sketch.count += other.count;
      return sketch;
    },
    toJson: ({ positive, negative, zeros, special, count }) => ({
      p: positive.pairs(),
      n: negative.pairs(),
      z: zeros,
      s: special,
      c: count,
    }),
    fromJson(json) {
      const { p, n, z, s, c } = json as {
        p: [number, number][];
        n: [number, number][];
        z: number;
        s: [number, number, number];
        c: number;
      };
      return {
        positive: Buckets.of(p),
        negative: Buckets.of(n),
        zeros: z,
        special: [...s],
        count: c,
      };
    },
  };
}

/** Returns the value of rank ⌊q · (n − 1)⌋, within the relative error; null without values. */
export function quantileOf(sketch: Sketch, q: number, relativeError: number): number | null {
  if (sketch.count === 0) return null;
  const slots = slotsOf(relativeError);
  const [below, above] = sketch.special;
  let rank = Math.floor(q * (sketch.count - 1)) - below;
  if (rank < 0) return Number.NEGATIVE_INFINITY;
  for (const [bucket, n] of sketch.negative.pairs().reverse()) {
    rank -= n;
    if (rank < 0) return -valueOfBucket(bucket, slots);
  }
  rank -= sketch.zeros;
  if (rank < 0) return 0;
  for (const [bucket, n] of sketch.positive.pairs()) {
    rank -= n;
    if (rank < 0) return valueOfBucket(bucket, slots);
  }
  return rank < above ? Number.POSITIVE_INFINITY : Number.NaN;
}

const word = new Float64Array(1);
const halves = new Uint32Array(word.buffer);
/** Index of the half with the exponent: the second on little-endian machines. */
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0];

/**
 * Returns the bucket of a finite value above 0: slot j of `slots` between 2^e and 2^(e+1) is bucket
 * e · slots + j.
 */
function bucketOf(value: number, slots: number): number {
  let bias = 1023;
  word[0] = value;
  if ((halves[HIGH as 0] as number) < 0x100000) {
    bias += 54;
    word[0] = value * 2 ** 54;
  }
  const high = halves[HIGH as 0] as number;
  halves[HIGH as 0] = (high & 0xfffff) | 0x3ff00000;
  return ((high >>> 20) - bias) * slots + Math.floor(((word[0] as number) - 1) * slots);
}

/**
 * Returns the value with the same relative distance to both ends of the bucket: 1 / (2 · (slots +
 * j) +
 * 1) of it.
 */
function valueOfBucket(bucket: number, slots: number): number {
  const exponent = Math.floor(bucket / slots);
  const low = slots + bucket - exponent * slots;
  const significand = (2 * low * (low + 1)) / (slots * (2 * low + 1));
  // Two steps below the normal range, so that only the last one rounds.
  const normal = Math.max(exponent, -1022);
  return significand * powerOfTwo(normal) * powerOfTwo(exponent - normal);
}
