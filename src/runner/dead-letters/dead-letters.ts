import type { Plan } from '../../projection/plan/plan.ts';
import { planNamed } from '../../projection/plan/plan-named.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { assertKnown } from '../store/assert-known.ts';
import type { DeadLetterSelection, DeadLetterStatus, RedriveReport } from './dead-letter-status.ts';
import { discardDeadLetters, readDeadLetters } from './read-dead-letters.ts';
import { redrive } from './redrive.ts';

/**
 * Records that could not be folded and were set aside. All methods select them in the same way.
 * @example
 * await app.deadLetters.list({ projection: 'user_metrics' });
 * await app.deadLetters.redrive({ projection: 'user_metrics', key: Buffer.from('user-42') });
 */
export interface DeadLetters {
  /**
   * Reads dead letters in log order. Default: those of all projections.
   * @throws UNKNOWN_PROJECTION; UNKNOWN_DEAD_LETTER when the position has none
   */
  list(selection?: Partial<DeadLetterSelection>): Promise<readonly DeadLetterStatus[]>;
  /**
   * Folds dead letters of the declared version again, in order, at the present position of their
   * tasks. When one fails again, the later ones of its key stay where they are.
   * @throws UNKNOWN_PROJECTION, UNKNOWN_DEAD_LETTER, QUARANTINED
   */
  redrive(selection: DeadLetterSelection): Promise<RedriveReport>;
  /**
   * Deletes dead letters of every version. The records stay in the log, and the rebuild of another
   * version folds them again.
   * @returns how many were deleted
   * @throws UNKNOWN_PROJECTION; UNKNOWN_DEAD_LETTER when the position has none
   */
  discard(selection: DeadLetterSelection): Promise<number>;
}

/** The dead letters on a database; `settings` is called when an operation starts. */
export function createDeadLetters(
  settings: () => RunnerSettings,
  plans: readonly Plan[],
): DeadLetters {
  return {
    async list(selection = {}) {
      const { pool } = settings();
      const { projection } = selection;
      if (projection !== undefined) await assertKnown(pool, plans, projection);
      return readDeadLetters(pool, selection);
    },
    async redrive(selection) {
      return redrive(settings(), planNamed(plans, selection.projection), selection);
    },
    async discard(selection) {
      const { pool } = settings();
      await assertKnown(pool, plans, selection.projection);
      return discardDeadLetters(pool, selection);
    },
  };
}
