/**
 * What every bench ends with. Rates are per second; ratios are ours ÷ theirs, within the same run.
 */
export interface BenchReport {
  readonly bench: string;
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly rows?: number;
  readonly rowsPerSecond?: number;
  readonly rssMaxBytes: number;
  /** Processor time of our own process, of Postgres and of the broker while we ran, seconds. */
  readonly cpuSeconds?: Readonly<Record<string, number>>;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly maxMs?: number;
  /** Events published and not counted in the read model at the end. */
  readonly lost?: number;
  /** Processor time of a caught-up runner, per cent of one core. */
  readonly idleCpuPercent?: number;
  /** One measurement for each point of a series. */
  readonly points?: readonly ScalePoint[];
  readonly comparisons?: Readonly<Record<string, number>>;
  readonly ratios?: Readonly<Record<string, number>>;
  /** What a soak measured, a series for each log. */
  readonly soaks?: readonly SoakSeries[];
  /** Why the bench failed; empty: it did not. */
  readonly failures?: readonly string[];
}

/**
 * Memory after full collections while a log was read live, and the framework's own tables in the
 * end.
 */
export interface SoakSeries {
  readonly log: 'kafka' | 'postgres';
  /** Read so far at each measurement, MB. */
  readonly readMb: readonly number[];
  readonly runnerMib: readonly number[];
  readonly publisherMib: readonly number[];
  /** Connections cut. */
  readonly cuts: number;
  /**
   * Rows of the tables in the schema reprise, without the records of the log: where memory counts
   * from, and in the end.
   */
  readonly rowsBefore: Readonly<Record<string, number>>;
  readonly rowsAfter: Readonly<Record<string, number>>;
}

/** What one thing costs when another is so large. */
export interface ScalePoint {
  /** What is varied. */
  readonly axis: string;
  readonly value: number;
  readonly eventsPerSecond: number;
  readonly rows?: number;
  readonly rssMaxBytes: number;
  readonly cpuSeconds?: Readonly<Record<string, number>>;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** Ours divided by each of theirs. */
export function ratiosOf(
  eventsPerSecond: number,
  comparisons: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(comparisons).map(([name, rate]) => [name, eventsPerSecond / rate]),
  );
}

/** The report as one JSON line: numbers from 1,000 up whole, smaller ones with two decimals. */
export function toJson(report: BenchReport): string {
  return JSON.stringify(report, (_key, value: unknown) =>
    typeof value === 'number'
      ? value >= 1_000
        ? Math.round(value)
        : Math.round(value * 100) / 100
      : value,
  );
}

/** The report as a small table for people. */
export function toTable(report: BenchReport): string {
  const lines: [string, string][] = [
    ['events', whole(report.events)],
    ['events/s', whole(report.eventsPerSecond)],
  ];
  const add = (name: string, value: number | undefined, show: (value: number) => string) => {
    if (value !== undefined) lines.push([name, show(value)]);
  };
  add('rows', report.rows, whole);
  add('rows/s', report.rowsPerSecond, whole);
  add('p50', report.p50Ms, milliseconds);
  add('p99', report.p99Ms, milliseconds);
  add('max', report.maxMs, milliseconds);
  add('lost', report.lost, whole);
  add('idle CPU', report.idleCpuPercent, (value) => `${value.toFixed(1)} % of a core`);
  lines.push(['max RSS', `${Math.round(report.rssMaxBytes / 2 ** 20)} MiB`]);
  for (const [who, used] of Object.entries(report.cpuSeconds ?? {})) {
    lines.push([`CPU, ${who}`, `${used.toFixed(2)} s`]);
  }
  for (const [name, rate] of Object.entries(report.comparisons ?? {})) {
    lines.push([
      name,
      `${whole(rate)} events/s, ours is ${report.ratios?.[name]?.toFixed(2)} times that`,
    ]);
  }
  for (const point of report.points ?? []) lines.push([nameOf(point), pointText(point)]);
  for (const soak of report.soaks ?? []) lines.push(...soakLines(soak));
  for (const failure of report.failures ?? []) lines.push(['FAILED', failure]);
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  return [
    `bench ${report.bench}`,
    ...lines.map(([name, value]) => `  ${name.padEnd(width)}${value}`),
  ].join('\n');
}

function soakLines(soak: SoakSeries): readonly [string, string][] {
  const series = (mib: readonly number[]) => mib.map((each) => each.toFixed(0)).join(' ');
  return [
    [`${soak.log}, read`, `${soak.readMb.at(-1)?.toFixed(0)} MB, ${soak.cuts} connections cut`],
    [`${soak.log}, runner`, `${series(soak.runnerMib)} MiB`],
    [`${soak.log}, publisher`, `${series(soak.publisherMib)} MiB`],
  ];
}

function nameOf({ axis, value }: ScalePoint): string {
  return `${whole(value)} ${axis}`;
}

function pointText({ eventsPerSecond, rows, rssMaxBytes, p50Ms, p99Ms }: ScalePoint): string {
  const parts = [`${whole(eventsPerSecond)} events/s`];
  if (rows !== undefined) parts.push(`${whole(rows)} rows`);
  if (p50Ms !== undefined) parts.push(`p50 ${milliseconds(p50Ms)}`);
  if (p99Ms !== undefined) parts.push(`p99 ${milliseconds(p99Ms)}`);
  return [...parts, `${Math.round(rssMaxBytes / 2 ** 20)} MiB`].join(', ');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function milliseconds(value: number): string {
  return `${value.toFixed(1)} ms`;
}
