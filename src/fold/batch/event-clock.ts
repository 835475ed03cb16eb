import { hasPublished, publishedAt } from '../../log/published-headers.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { SourcePlan } from '../../projection/plan/plan.ts';
import { EARLIEST_MS } from '../rows/postgres-limits.ts';
import type { ClockStart } from '../task/clock-start.ts';

/** The time rules of a plan. */
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
 * Why an event time is refused: too far ahead of the record's timestamp, or of the owner's clock
 * (now, or as journaled).
 */
export type Refusal = 'record' | 'clock' | 'journal';

/** Returns the watermark after record `i`, in a batch of published records. */
export type Carried = (i: number, timeMs: number, source: SourcePlan) => number;

/**
 * Event time of one task: the largest seen, the watermark (that minus lateness, advanced by ticks;
 * it never goes back), and the refusal of event times too far ahead (semantics.md, time). The
 * headers of a record that a relay published tell which times may still arrive on its topic: the
 * record moves the watermark no further than that.
 */
export class EventClock {
  readonly #latenessMs: number;
  readonly #maxDriftMs: number;
  readonly #nowMs: (() => number) | null;
  readonly #wasRefused: ((topic: string, offset: number) => boolean) | null;
  maxEventTimeMs: number | null;
  watermarkMs: number | null;
  /** Number of events seen since this clock was created. */
  eventCount = 0;
  /**
   * Maximum lag of published records: how far their event times were before the watermarks in their
   * headers; null: there were none.
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
    // A task stored before watermarks were.
    if (start.maxEventTimeMs !== null && start.watermarkMs === null) {
      this.#reach(start.maxEventTimeMs - rules.latenessMs);
    }
  }

  /**
   * Returns the latest event time that the owner's clock accepts for records of this batch;
   * infinity if it does not apply. Call it once per batch.
   */
  limitMs(batch: RecordBatch): number {
    return this.#nowMs === null || batch.appendTime
      ? Number.POSITIVE_INFINITY
      : this.#nowMs() + this.#maxDriftMs;
  }

  /**
   * Returns why record `i` must not count; null: it may. `limitMs`: the result of `limitMs(batch)`.
   */
  refusal(batch: RecordBatch, i: number, timeMs: number, limitMs: number): Refusal | null {
    if (timeMs > (batch.timestampsMs[i] as number) + this.#maxDriftMs) return 'record';
    if (this.#wasRefused?.(batch.topic, batch.offsets[i] as number) === true) return 'journal';
    return timeMs > limitMs ? 'clock' : null;
  }

  /**
   * Reads the watermarks in the headers of a batch of published records; null: there are none. Call
   * it once per batch.
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

  /** Notes that events were folded, the latest at this time. */
  see(timeMs: number, events = 1): void {
    this.eventCount += events;
    if (this.maxEventTimeMs === null || timeMs > this.maxEventTimeMs) this.maxEventTimeMs = timeMs;
    // Also for an earlier time: published records may have left the watermark behind the latest.
    this.#reach(timeMs - this.#latenessMs);
  }

  /** Notes that events were folded, the latest at this time, with this watermark after them. */
  passed(latestMs: number, watermarkMs: number, events = 1): void {
    this.eventCount += events;
    if (this.maxEventTimeMs === null || latestMs > this.maxEventTimeMs) {
      this.maxEventTimeMs = latestMs;
    }
    this.#reach(watermarkMs);
  }

  /** Notes that no event came for `quietMs`: event time advanced with the wall clock. */
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

/** Returns the next larger number: the earliest instant after one. */
export function justAfter(ms: number): number {
  if (ms === 0) return Number.MIN_VALUE;
  double[0] = ms;
  bits[0] = (bits[0] as bigint) + (ms > 0 ? 1n : -1n);
  return double[0];
}

/**
 * Returns the event time up to which nothing more arrives after a published record: the watermark
 * in its header, converted to the reader's event time. That time may be before the record's own by
 * a lag (a window's start instead of its end); later records are assumed to lag as much. Never more
 * than the event's own time.
 */
function reachedBy(timeMs: number, lagMs: number, watermarkMs: number | null): number {
  return watermarkMs === null ? Number.NEGATIVE_INFINITY : Math.min(timeMs, watermarkMs - lagMs);
}
