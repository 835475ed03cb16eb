/**
 * A decision that a replay repeats at the same offsets (by topic):
 * - `tick`: the partition had been quiet for `quietMs` since its last event;
 * - `step`: records before this point were merged before those after it (several topics);
 * - `refusal`: the record at this offset was too far ahead of its owner's clock;
 * - `redrive`: the dead letter `record` was folded here;
 * - `discard`: the dead letter `record` was discarded. The last two are only for a replay of the
 *   same version: another version folds the records at their offsets.
 */
export interface JournalEntry {
  readonly kind: 'tick' | 'step' | 'refusal' | 'redrive' | 'discard';
  readonly nextOffsets: ReadonlyMap<string, bigint>;
  /** Only for ticks. */
  readonly quietMs: number | null;
  /** Only for redrives and discards. */
  readonly record?: { readonly topic: string; readonly offset: bigint };
}

/**
 * Returns the records that the owner's clock refused when they were first folded, as `topic
 * offset`.
 */
export function refusedRecords(journal: readonly JournalEntry[]): ReadonlySet<string> {
  return new Set(
    journal
      .filter(({ kind }) => kind === 'refusal')
      .flatMap(({ nextOffsets }) =>
        [...nextOffsets].map(([topic, offset]) => `${topic} ${offset}`),
      ),
  );
}
