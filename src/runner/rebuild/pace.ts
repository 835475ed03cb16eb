/**
 * How fast long work goes, and how long it takes yet: `etaSeconds` is null before a rate is known.
 */
export interface Pace {
  readonly recordsPerSecond: number;
  readonly etaSeconds: number | null;
}

/** The pace of work that has done so many of its records since a moment of `performance.now()`. */
export function paceOf(records: number, totalRecords: number, sinceMs: number): Pace {
  const seconds = Math.max(0.001, (performance.now() - sinceMs) / 1000);
  const recordsPerSecond = Math.round(records / seconds);
  const etaSeconds = recordsPerSecond > 0 ? (totalRecords - records) / recordsPerSecond : null;
  return { recordsPerSecond, etaSeconds };
}
