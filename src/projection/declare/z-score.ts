/** A measure of how far a closed window is from its key's baseline. */
export interface ScoreMeasure<Of extends string = string> {
  readonly aggregate: 'zScore';
  /** The measure that is scored. */
  readonly of: Of;
  readonly parameters: Readonly<Record<string, number>>;
}

/**
 * Scores a window when it closes: how many standard deviations its value of `measure` is from the
 * mean of the key's earlier closed windows, in event-time order; then the value joins the baseline.
 * Column float8. NULL while the window is open, while there are fewer than `min` earlier windows
 * (default 2; a single one has no deviation), while all earlier values are equal, and if the value
 * itself is NULL or not finite (such a window does not join the baseline). A later revision of the
 * window changes neither score nor baseline. The baselines of all keys of a task are kept in memory
 * and in a hidden table.
 * @example
 * this.from(UserActed).key('userId').window(tumbling('1 hour')).measure({
 *   events: count(),
 *   score: zScore('events', { min: 10 }),
 * })
 */
export function zScore<const Of extends string>(
  measure: Of,
  options: { readonly min?: number } = {},
): ScoreMeasure<Of> {
  return { aggregate: 'zScore', of: measure, parameters: { min: options.min ?? 2 } };
}
