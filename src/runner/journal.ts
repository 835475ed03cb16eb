/**
 * A decision that a replay repeats at the same offsets (by topic):
 * - `tick`: the partition had been quiet for `quietMs` since its last event;
 * - `step`: what lies before was merged before what lies beyond (several topics);
 * - `refusal`: the record at this offset was too far ahead of its owner's clock.
 */
export interface JournalEntry {
  readonly kind: 'tick' | 'step' | 'refusal';
  readonly nextOffsets: ReadonlyMap<string, bigint>;
  /** Ticks only. */
  readonly quietMs: number | null;
}
