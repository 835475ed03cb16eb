/**
 * A decision that every replay repeats: a partition was idle, and its task advanced the watermark
 * by the clock.
 */
export interface IdleAdvance {
  readonly partition: number;
  /** The position of the task, by topic. */
  readonly nextOffsets: ReadonlyMap<string, bigint>;
  /** Time since the last event, in milliseconds. */
  readonly idleMs: number;
}
