/** The initial event times of a task, and the clock of its process. */
export interface ClockStart {
  /** Largest event time folded so far; null: none yet. */
  readonly maxEventTimeMs: number | null;
  /** The watermark reached, by events or ticks; null: none yet. */
  readonly watermarkMs: number | null;
  /**
   * The clock of the process (ms since the epoch): for processing time, and for checking event
   * times if record timestamps are the producer's own. Null in a replay.
   */
  readonly nowMs: (() => number) | null;
  /**
   * True if the journal contains that the owner's clock refused this record when it was first
   * folded. Absent: no record was refused.
   */
  readonly wasRefused?: (topic: string, offset: number) => boolean;
}
