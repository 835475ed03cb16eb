/** Rate of long work, and its ETA. `etaSeconds` is null until a rate is known. */
export interface Rate {
  readonly recordsPerSecond: number;
  readonly etaSeconds: number | null;
}

/**
 * Computes the rate of work that has done `records` of `totalRecords` since `sinceMs`, in
 * `performance.now()` milliseconds.
 */
export function rateOf(records: number, totalRecords: number, sinceMs: number): Rate {
  const seconds = Math.max(0.001, (performance.now() - sinceMs) / 1000);
  const recordsPerSecond = Math.round(records / seconds);
  const etaSeconds = recordsPerSecond > 0 ? (totalRecords - records) / recordsPerSecond : null;
  return { recordsPerSecond, etaSeconds };
}
