import type { RecordBatch } from '../log/record-batch.ts';
import type { SourcePlan } from '../projection/plan.ts';

/** Event times a task has seen before, and how it tells the time of its process. */
export interface ClockStart {
  /** Largest event time folded so far; null: none yet. */
  readonly maxEventTimeMs: number | null;
  /** The watermark reached, by events or ticks; null: none yet. */
  readonly watermarkMs: number | null;
  /** The clock of the process (ms since the epoch): for processing time, and for judging event times where record timestamps are the producer's own. Null in a replay. */
  readonly nowMs: (() => number) | null;
  /** Whether the journal says that the owner's clock refused this record when it was first folded. Absent: nothing was. */
  readonly wasRefused?: (topic: string, offset: number) => boolean;
}

/** The rules of a plan that concern time. */
export interface ClockRules {
  readonly latenessMs: number;
  readonly maxDriftMs: number;
  /** Processing time is the owner's own clock: it cannot drift from it, however old the record. Default: event times. */
  readonly sources?: readonly Pick<SourcePlan, 'time'>[];
}

/** Why an event time is not believed: too far ahead of the record's timestamp, or of the owner's clock (now, or as journaled). */
export type Refusal = 'record' | 'clock' | 'journal';

/**
 * Event time of one task: the largest seen, the watermark (that minus lateness, moved on by ticks; never back), and which event times are too far ahead to
 * be believed (semantics.md, time).
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

  constructor(rules: ClockRules, start: ClockStart) {
    this.#latenessMs = rules.latenessMs;
    const isDated = rules.sources?.some(({ time }) => time.kind !== 'processing') ?? true;
    this.#maxDriftMs = isDated ? rules.maxDriftMs : Number.POSITIVE_INFINITY;
    this.#nowMs = start.nowMs;
    this.#wasRefused = start.wasRefused ?? null;
    this.maxEventTimeMs = start.maxEventTimeMs;
    this.watermarkMs = start.watermarkMs;
    if (start.maxEventTimeMs !== null) this.#reach(start.maxEventTimeMs - rules.latenessMs);
  }

  /** Latest event time that the owner's clock believes for records of this batch; infinity where it has no say. Ask once per batch. */
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

  /** Events were folded, the latest of this time. */
  see(timeMs: number, events = 1): void {
    this.eventCount += events;
    if (this.maxEventTimeMs !== null && timeMs <= this.maxEventTimeMs) return;
    this.maxEventTimeMs = timeMs;
    this.#reach(timeMs - this.#latenessMs);
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
