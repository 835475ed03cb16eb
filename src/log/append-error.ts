import { RepriseError } from '../reprise-error.ts';
import type { Position } from './event-log.ts';

/**
 * Thrown by `EventLog.append` if the outcome of each record is known: some records may be in the
 * log. Code, message and facts are those of the first record that failed.
 */
export class AppendError extends RepriseError {
  /** The outcome of `records[i]` at index `i`: its position, or its error. */
  readonly outcomes: readonly (Position | RepriseError)[];

  constructor(outcomes: readonly (Position | RepriseError)[], first: RepriseError) {
    const { code, message, retriable, cause, facts } = first;
    super(code, message, { retriable, cause, facts });
    this.outcomes = outcomes;
  }
}
