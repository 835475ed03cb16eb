import { RepriseError } from '../reprise-error.ts';
import type { Position } from './event-log.ts';

/**
 * What `EventLog.append` throws when it knows what became of each record: some may be in the log.
 * Code, message and facts are those of the first that failed.
 */
export class AppendError extends RepriseError {
  /** At `i`, what became of `records[i]`: where it landed, or why it did not. */
  readonly outcomes: readonly (Position | RepriseError)[];

  constructor(outcomes: readonly (Position | RepriseError)[], first: RepriseError) {
    const { code, message, retriable, cause, facts } = first;
    super(code, message, { retriable, cause, facts });
    this.outcomes = outcomes;
  }
}
