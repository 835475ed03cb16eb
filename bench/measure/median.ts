/**
 * The middle of some measurements (the mean of the two middle ones when their number is even).
 * @throws RangeError when there are none
 */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new RangeError('median of no values');
  return (lower + upper) / 2;
}

/**
 * The smallest value that at least `share` (0 … 1) of the values do not exceed. `sorted` ascends.
 * @throws RangeError when it is empty
 */
export function quantile(sorted: Float64Array, share: number): number {
  const rank = Math.max(0, Math.ceil(share * sorted.length) - 1);
  const value = sorted[rank];
  if (value === undefined) throw new RangeError('quantile of no values');
  return value;
}
