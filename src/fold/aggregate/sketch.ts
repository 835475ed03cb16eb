import type { FieldType } from '../../event/field-type.ts';
import { asDouble } from './field-value.ts';
import type { ObjectState } from './object-state.ts';

/**
 * DDSketch (Masson, Rim and Lee 2019): counts by logarithmic bucket, so that each value is known within a relative error. Buckets are never collapsed: the state
 * depends on the values alone, and there are at most about 1,450 / ln γ of them for each sign.
 */
export interface Sketch {
  readonly positive: Map<number, number>;
  readonly negative: Map<number, number>;
  zeros: number;
  /** −Infinity, Infinity, NaN. */
  readonly special: [number, number, number];
  count: number;
}

/** Counts of a field's values by logarithmic bucket. */
export function sketchState(
  relativeError: number,
  type: FieldType | undefined,
): ObjectState<Sketch> {
  const scale = 1 / Math.log(gammaOf(relativeError));
  return {
    zero: () => ({
      positive: new Map(),
      negative: new Map(),
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
        const bucket = Math.ceil(Math.log(Math.abs(x)) * scale);
        side.set(bucket, (side.get(bucket) ?? 0) + 1);
      }
      return sketch;
    },
    merge(sketch, other) {
      for (const side of ['positive', 'negative'] as const) {
        for (const [bucket, n] of other[side]) {
          sketch[side].set(bucket, (sketch[side].get(bucket) ?? 0) + n);
        }
      }
      for (const i of [0, 1, 2] as const) sketch.special[i] += other.special[i];
      sketch.zeros += other.zeros;
      sketch.count += other.count;
      return sketch;
    },
    toJson: ({ positive, negative, zeros, special, count }) => ({
      p: ascending(positive),
      n: ascending(negative),
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
      return { positive: new Map(p), negative: new Map(n), zeros: z, special: [...s], count: c };
    },
  };
}

/** The value of rank ⌊q · (n − 1)⌋, within the relative error; null for no values. */
export function quantileOf(sketch: Sketch, q: number, relativeError: number): number | null {
  if (sketch.count === 0) return null;
  let rank = Math.floor(q * (sketch.count - 1));
  const gamma = gammaOf(relativeError);
  const middle = (bucket: number) => (2 * gamma ** bucket) / (gamma + 1);
  const parts: [number, () => number][] = [
    [sketch.special[0], () => Number.NEGATIVE_INFINITY],
    ...ascending(sketch.negative)
      .reverse()
      .map(([bucket, n]): [number, () => number] => [n, () => -middle(bucket)]),
    [sketch.zeros, () => 0],
    ...ascending(sketch.positive).map(([bucket, n]): [number, () => number] => [
      n,
      () => middle(bucket),
    ]),
    [sketch.special[1], () => Number.POSITIVE_INFINITY],
  ];
  for (const [n, value] of parts) {
    if (rank < n) return value();
    rank -= n;
  }
  return Number.NaN;
}

function gammaOf(relativeError: number): number {
  return (1 + relativeError) / (1 - relativeError);
}

function ascending(buckets: ReadonlyMap<number, number>): [number, number][] {
  return [...buckets].sort(([a], [b]) => a - b);
}
