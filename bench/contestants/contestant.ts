/** Where the events are and how many of them a contestant has to work off. */
export interface TopicTask {
  readonly brokers: string;
  readonly topic: string;
  readonly events: number;
}

/** The same, with an empty database for the rows. */
export interface TableTask extends TopicTask {
  readonly databaseUrl: string;
}

/** What one contestant did in a process of its own. */
export interface Measurement {
  /** Events worked off between start and end of the measurement. */
  readonly events: number;
  readonly seconds: number;
  /** The largest resident set of the process, from its start to now. */
  readonly rssMaxBytes: number;
}

/** Largest resident set of this process so far; the operating system counts it in KiB. */
export function rssMaxBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** Seconds since a value of `performance.now()`. */
export function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}
