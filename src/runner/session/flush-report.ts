/** What one flush did. */
export interface FlushReport {
  readonly rows: number;
  readonly deadLetters: number;
  readonly emissions: number;
}
