import { readFileSync } from 'node:fs';
import type { PaymentKind } from '../payment-kind.ts';

/** Where the events are and how many of them a contestant has to work off. */
export interface TopicTask {
  readonly brokers: string;
  readonly topic: string;
  readonly events: number;
}

/** The same, with an empty database for the rows. */
export interface TableTask extends TopicTask {
  readonly databaseUrl: string;
  /** Size of the windows; default: a minute. */
  readonly windowMs?: number;
}

/** The same, with threads that share the work, and with more projections. */
export interface RebuildTask extends TableTask {
  /** Windows of projections rebuilt together with the first. Default: none. */
  readonly moreWindowsMs?: readonly number[];
  /** A projection of this kind instead of windows. */
  readonly kind?: PaymentKind;
  /** Default: one thread does it all. */
  readonly workers?: { readonly count: number; readonly configFile: string };
}

/** What one contestant did in a process of its own. */
export interface Measurement {
  /** Events worked off between start and end of the measurement. */
  readonly events: number;
  readonly seconds: number;
  /** The largest resident set of the process, from its start to now. */
  readonly rssMaxBytes: number;
  /**
   * Processor time during the measurement: of the process itself, and of the servers it used.
   * Seconds; undefined: not known.
   */
  readonly cpuSeconds?: CpuSeconds;
}

/** Who used how much processor time, in seconds. */
export interface CpuSeconds {
  readonly own: number;
  readonly postgres?: number | undefined;
  readonly broker?: number | undefined;
}

/** Processor time of this process since a value of `process.cpuUsage()`, in seconds. */
export function cpuSecondsSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
}

/**
 * Largest resident set of this process so far; the operating system counts it in KiB. Linux's own
 * figure for a process (getrusage) begins with what its parent had when it was forked, so the one
 * of its memory is asked for where there is one (proc(5), VmHWM).
 */
export function rssMaxBytes(): number {
  const ofMemory = /VmHWM:\s+(\d+) kB/.exec(statusOrNone())?.[1];
  return Number(ofMemory ?? process.resourceUsage().maxRSS) * 1024;
}

function statusOrNone(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}

/** Seconds since a value of `performance.now()`. */
export function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}
