/**
 * A partition had been quiet, and its task let event time go on: a decision that every replay
 * repeats.
 */
export interface JournaledTick {
  readonly partition: number;
  /** Where the task stood, by topic. */
  readonly nextOffsets: ReadonlyMap<string, bigint>;
  /** Since the last event. */
  readonly quietMs: number;
}
