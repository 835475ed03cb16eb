import type { DeclaredProjections } from '../../projection/plan/declared-projections.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { assertKnown } from '../store/assert-known.ts';
import type { DeadLetterSelection, DeadLetterStatus, RedriveReport } from './dead-letter-status.ts';
import { discardDeadLetters, readDeadLetters } from './read-dead-letters.ts';
import { redrive } from './redrive.ts';

/**
 * Records that could not be folded and were set aside. All methods select them in the same way.
 * @example
 * await app.deadLetters.list({ projection: UserMetrics });
 * await app.deadLetters.redrive({ projection: 'user_metrics', key: Buffer.from('user-42') });
 */
export interface DeadLetters {
  /**
   * Reads dead letters in log order. Default: those of all projections.
   * @throws UNKNOWN_PROJECTION; UNKNOWN_DEAD_LETTER when the position has none
   * @example
   * for (const { reason, message } of await app.deadLetters.list({ projection: UserMetrics })) {
   *   console.log(reason, message);
   * }
   */
  list(selection?: Partial<DeadLetterSelection>): Promise<readonly DeadLetterStatus[]>;
  /**
   * Folds dead letters of the declared version again, in order, at the current position of their
   * tasks. When one fails again, the later ones of its key are left as they are.
   * @throws UNKNOWN_PROJECTION, UNKNOWN_DEAD_LETTER, QUARANTINED
   * @example
   * const { redriven, failed } = await app.deadLetters.redrive({ projection: UserMetrics });
   */
  redrive(selection: DeadLetterSelection): Promise<RedriveReport>;
  /**
   * Deletes dead letters of every version. The records stay in the log, and the rebuild of another
   * version folds them again.
   * @returns how many were deleted
   * @throws UNKNOWN_PROJECTION; UNKNOWN_DEAD_LETTER when the position has none
   * @example
   * const position = { topic: 'user-actions', partition: 0, offset: 1042n };
   * await app.deadLetters.discard({ projection: UserMetrics, position });
   */
  discard(selection: DeadLetterSelection): Promise<number>;
}

/**
 * Creates the operations on the dead letters of a database. `settings` is called when an operation
 * starts.
 */
export function createDeadLetters(
  settings: () => RunnerSettings,
  declared: DeclaredProjections,
): DeadLetters {
  return {
    async list({ projection, ...match } = {}) {
      const { pool } = settings();
      const name = projection === undefined ? null : declared.nameOf(projection);
      if (name !== null) await assertKnown(pool, declared.plans, name);
      return readDeadLetters(pool, name, match);
    },
    async redrive({ projection, ...match }) {
      return redrive(settings(), declared.planOf(projection), match);
    },
    async discard({ projection, ...match }) {
      const { pool } = settings();
      const name = declared.nameOf(projection);
      await assertKnown(pool, declared.plans, name);
      return discardDeadLetters(pool, name, match);
    },
  };
}
