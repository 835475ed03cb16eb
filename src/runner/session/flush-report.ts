/** Counts of one flush. */
export interface FlushReport {
  readonly rows: number;
  readonly deadLetters: number;
  readonly emissions: number;
}
