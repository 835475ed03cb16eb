/**
 * A decision that a replay repeats at the same offsets (by topic):
 * - `tick`: the partition had been quiet for `quietMs` since its last event;
 * - `step`: what lies before was merged before what lies beyond (several topics);
 * - `refusal`: the record at this offset was too far ahead of its owner's clock;
 * - `redrive`: the dead letter `record` was folded here;
 * - `discard`: the dead letter `record` was thrown away. The last two are for a replay of the
 *   same version only: another version meets the records where they lie.
 */
export interface JournalEntry {
  readonly kind: 'tick' | 'step' | 'refusal' | 'redrive' | 'discard';
  readonly nextOffsets: ReadonlyMap<string, bigint>;
  /** Ticks only. */
  readonly quietMs: number | null;
  /** Redrives and discards only. */
  readonly record?: { readonly topic: string; readonly offset: bigint };
}

/** Records that the owner's clock refused when they were first folded, as `topic offset`. */
export function refusedRecords(journal: readonly JournalEntry[]): ReadonlySet<string> {
  return new Set(
    journal
      .filter(({ kind }) => kind === 'refusal')
      .flatMap(({ nextOffsets }) =>
        [...nextOffsets].map(([topic, offset]) => `${topic} ${offset}`),
      ),
  );
}
