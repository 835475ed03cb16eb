/** Event times a task has seen before, and how it tells the time of its process. */
export interface ClockStart {
  /** Largest event time folded so far; null: none yet. */
  readonly maxEventTimeMs: number | null;
  /** The watermark reached, by events or ticks; null: none yet. */
  readonly watermarkMs: number | null;
  /**
   * The clock of the process (ms since the epoch): for processing time, and for judging event times
   * where record timestamps are the producer's own. Null in a replay.
   */
  readonly nowMs: (() => number) | null;
  /**
   * Whether the journal says that the owner's clock refused this record when it was first folded.
   * Absent: nothing was.
   */
  readonly wasRefused?: (topic: string, offset: number) => boolean;
}
