/** A stream of pseudo-random numbers in [0, 1): the same seed gives the same numbers. */
export type Random = () => number;

/** Tommy Ettinger's mulberry32: small, fast, enough for example data. */
export function mulberry32(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Version 8 (RFC 9562): our own bits, the last twelve hex digits count the events. */
export function uuid(random: Random, index: number): string {
  const hex = Array.from({ length: 4 }, () => Math.floor(random() * 0x1_0000));
  const [a, b, c, d] = hex.map((word) => word.toString(16).padStart(4, '0'));
  const tail = index.toString(16).padStart(12, '0');
  return `${a}${b}-${c}-8${(d as string).slice(1)}-8000-${tail}`;
}
