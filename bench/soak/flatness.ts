import type { SoakSeries } from '../measure/report.ts';

/** How far memory may rise above what it was when it began to count. */
const RISE_MIB_MAX = 30;
/** Rows by which a table of the framework may grow whatever it held. */
const ROWS_SPARE = 1_000;

/**
 * At which measurement memory begins to count: the one after 500 MB, or half way through a short
 * soak.
 */
export function countsFrom(rounds: number): number {
  return Math.max(0, Math.min(5, Math.ceil(rounds / 2)) - 1);
}

/** What grew in a soak, in words; empty: nothing did. */
export function growthOf(soak: SoakSeries): readonly string[] {
  const from = countsFrom(soak.readMb.length);
  const rises = (
    [
      ['runner', soak.runnerMib],
      ['publisher', soak.publisherMib],
    ] as const
  ).flatMap(([who, mib]) => {
    const [first = 0, ...later] = mib.slice(from);
    const most = Math.max(first, ...later);
    return most - first > RISE_MIB_MAX
      ? [`${soak.log}: the ${who} went from ${first.toFixed(1)} to ${most.toFixed(1)} MiB`]
      : [];
  });
  const tables = Object.entries(soak.rowsAfter).flatMap(([table, rows]) => {
    const before = soak.rowsBefore[table] ?? 0;
    return rows > 2 * before + ROWS_SPARE
      ? [`${soak.log}: reprise.${table} went from ${before} to ${rows} rows`]
      : [];
  });
  return [...rises, ...tables];
}
