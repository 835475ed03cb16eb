import { hasPublished, publishedAt } from '../../log/published-headers.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { SourcePlan } from '../../projection/plan/plan.ts';
import { EARLIEST_MS } from '../rows/postgres-limits.ts';
import type { ClockStart } from '../task/clock-start.ts';

/** The rules of a plan that concern time. */
export interface ClockRules {
  readonly latenessMs: number;
  readonly maxDriftMs: number;
  /**
   * Processing time is the owner's own clock: it cannot drift from it, however old the record.
   * Default: event times.
   */
  readonly sources?: readonly Pick<SourcePlan, 'time'>[];
}

/**
 * Why an event time is not believed: too far ahead of the record's timestamp, or of the owner's
 * clock (now, or as journaled).
 */
export type Refusal = 'record' | 'clock' | 'journal';

/** The watermark that record `i` makes, in a batch of published records. */
export type Carried = (i: number, timeMs: number, source: SourcePlan) => number;

/**
 * Event time of one task: the largest seen, the watermark (that minus lateness, moved on by ticks;
 * never back), and which event times are too far ahead to be believed (semantics.md, time). A
 * record that a relay published says what is still to come on its topic: it moves the watermark no
 * further than that.
 */
export class EventClock {
  readonly #latenessMs: number;
  readonly #maxDriftMs: number;
  readonly #nowMs: (() => number) | null;
  readonly #wasRefused: ((topic: string, offset: number) => boolean) | null;
  maxEventTimeMs: number | null;
  watermarkMs: number | null;
  /** Events seen since this clock began. */
  eventCount = 0;
  /**
   * How far event times lay before what relays said of their records, at most; null: there were
   * none.
   */
  publishedLagMs: number | null = null;

  constructor(rules: ClockRules, start: ClockStart) {
    this.#latenessMs = rules.latenessMs;
    const isDated = rules.sources?.some(({ time }) => time.kind !== 'processing') ?? true;
    this.#maxDriftMs = isDated ? rules.maxDriftMs : Number.POSITIVE_INFINITY;
    this.#nowMs = start.nowMs;
    this.#wasRefused = start.wasRefused ?? null;
    this.maxEventTimeMs = start.maxEventTimeMs;
    this.watermarkMs = start.watermarkMs;
    // Tasks of before watermarks were stored.
    if (start.maxEventTimeMs !== null && start.watermarkMs === null) {
      this.#reach(start.maxEventTimeMs - rules.latenessMs);
    }
  }

  /**
   * Latest event time that the owner's clock believes for records of this batch; infinity where it
   * has no say. Ask once per batch.
   */
  limitMs(batch: RecordBatch): number {
    return this.#nowMs === null || batch.appendTime
      ? Number.POSITIVE_INFINITY
      : this.#nowMs() + this.#maxDriftMs;
  }

  /** Why record `i` must not count; null: it may. `limitMs` is what `limitMs(batch)` gave. */
  refusal(batch: RecordBatch, i: number, timeMs: number, limitMs: number): Refusal | null {
    if (timeMs > (batch.timestampsMs[i] as number) + this.#maxDriftMs) return 'record';
    if (this.#wasRefused?.(batch.topic, batch.offsets[i] as number) === true) return 'journal';
    return timeMs > limitMs ? 'clock' : null;
  }

  /**
   * What published records of a batch say of those behind them; null: there are none. Ask once per
   * batch.
   */
  carried(batch: RecordBatch): Carried | null {
    if (!hasPublished(batch)) return null;
    const latenessMs = this.#latenessMs;
    return (i, timeMs, { time }) => {
      const isOtherTime =
        time.kind === 'processing' || (time.kind === 'record' && batch.appendTime);
      const published = isOtherTime ? null : publishedAt(batch, i);
      if (published === null) return timeMs - latenessMs;
      const lagMs = batch.appendTime ? 0 : Math.max(0, (batch.timestampsMs[i] as number) - timeMs);
      this.publishedLagMs = Math.max(this.publishedLagMs ?? 0, lagMs);
      const reachedMs = reachedBy(timeMs, lagMs, published.watermarkMs) - latenessMs;
      // An instant that Postgres holds, so that a task which has met events has a watermark.
      return Math.max(EARLIEST_MS, reachedMs);
    };
  }

  /** Events were folded, the latest of this time. */
  see(timeMs: number, events = 1): void {
    this.eventCount += events;
    if (this.maxEventTimeMs === null || timeMs > this.maxEventTimeMs) this.maxEventTimeMs = timeMs;
    // Also of an earlier time: published records may have left the watermark behind the latest.
    this.#reach(timeMs - this.#latenessMs);
  }

  /** Events were folded, the latest of this time, and brought the watermark there. */
  passed(latestMs: number, watermarkMs: number, events = 1): void {
    this.eventCount += events;
    if (this.maxEventTimeMs === null || latestMs > this.maxEventTimeMs) {
      this.maxEventTimeMs = latestMs;
    }
    this.#reach(watermarkMs);
  }

  /** Nothing came for `quietMs`: event time went on at the speed of the wall clock. */
  tick(quietMs: number): void {
    if (this.maxEventTimeMs !== null) {
      this.#reach(this.maxEventTimeMs + quietMs - this.#latenessMs);
    }
  }

  #reach(watermarkMs: number): void {
    if (this.watermarkMs === null || watermarkMs > this.watermarkMs) this.watermarkMs = watermarkMs;
  }
}

const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);

/** The earliest instant after one: the smallest number that is larger. */
export function justAfter(ms: number): number {
  if (ms === 0) return Number.MIN_VALUE;
  double[0] = ms;
  bits[0] = (bits[0] as bigint) + (ms > 0 ? 1n : -1n);
  return double[0];
}

/**
 * Up to which event time nothing more comes, once a published record has: what its relay said, in
 * the time of the reader. That time may lie before the record's own by a lag (a window's start
 * instead of its end); what comes later is taken to lie as far before. Never more than the event's
 * own time.
 */
function reachedBy(timeMs: number, lagMs: number, watermarkMs: number | null): number {
  return watermarkMs === null ? Number.NEGATIVE_INFINITY : Math.min(timeMs, watermarkMs - lagMs);
}
