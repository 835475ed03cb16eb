import { benchLive } from './live.ts';
import type { BenchReport, ScalePoint } from './measure/report.ts';
import { say } from './measure/say.ts';
import type { RebuildBenchOptions } from './rebuild.ts';
import { benchRebuild } from './rebuild.ts';
import type { JobOptions } from './rebuild-job.ts';
import { runReprise, withJob } from './rebuild-job.ts';

export interface ScaleOptions {
  readonly kafka?: string;
  readonly database?: string;
  /** A tenth of the events. */
  readonly quick?: boolean;
}

const HOUR_MS = 3_600_000;
const TEN_MINUTES_MS = 600_000;
/** Windows that grow with the log have as many keys: a minute for five million events. */
const SAME_KEYS_MS_PER_EVENT = 60_000 / 5_000_000;

/**
 * What the cost of an event depends on, one thing varied at a time, each point on a broker and a
 * server of its own: length of the log, keys, partitions and projections for a rebuild; instances
 * for a live run. Every row of every point is compared with what the bench computed itself.
 */
export async function benchScale(options: ScaleOptions): Promise<BenchReport> {
  const events = (full: number) => (options.quick ? full / 10 : full);
  const points: ScalePoint[] = [];
  const add = (axis: string, value: number, measured: Omit<ScalePoint, 'axis' | 'value'>) => {
    say(
      `${value.toLocaleString('en-US')} ${axis}: ${Math.round(measured.eventsPerSecond).toLocaleString('en-US')} events/s`,
    );
    points.push({ axis, value, ...measured });
  };
  for (const length of [1_000_000, 5_000_000, 20_000_000].map(events)) {
    const job = { ...options, events: length, windowMs: TEN_MINUTES_MS };
    add('events', length, await rebuilt(job));
  }
  for (const length of [5_000_000, 20_000_000].map(events)) {
    const job = { ...options, events: length, windowMs: length * SAME_KEYS_MS_PER_EVENT };
    add('events, same keys', length, await rebuilt(job));
  }
  for (const users of [10_000, 100_000, 1_000_000, 10_000_000]) {
    const job = { ...options, events: events(10_000_000), windowMs: HOUR_MS, users };
    add('keys', users, await rebuilt(job));
  }
  for (const partitions of [1, 4, 16, 64]) {
    const job = { ...options, events: events(5_000_000), windowMs: TEN_MINUTES_MS, partitions };
    add('partitions', partitions, await rebuilt(job));
  }
  for (const projections of [1, 3, 10]) {
    const job: RebuildBenchOptions = {
      ...options,
      events: events(5_000_000),
      windowMs: TEN_MINUTES_MS,
      rounds: 1,
      eachEvents: 1,
      projections,
    };
    add('projections', projections, await benchRebuild(job));
  }
  for (const instances of [1, 2, 4]) {
    const job = { ...options, rate: 5_000, seconds: options.quick ? 5 : 30, warmUpSeconds: 5 };
    add('instances, live', instances, await benchLive({ ...job, instances }));
  }
  const [first] = points;
  if (first === undefined) throw new Error('nothing was measured');
  const { eventsPerSecond, rssMaxBytes } = first;
  return { bench: 'scale', events: first.value, eventsPerSecond, rssMaxBytes, points };
}

async function rebuilt(options: JobOptions): Promise<Omit<ScalePoint, 'axis' | 'value'>> {
  return withJob(options, async (job) => {
    const { events, seconds, rssMaxBytes } = await runReprise(job);
    return { eventsPerSecond: events / seconds, rows: job.expected.rowCount, rssMaxBytes };
  });
}
