import type { Plan } from '../projection/plan/plan.ts';
import { forget, readSubject } from './forget.ts';
import type { RunnerSettings } from './settings/runner-settings.ts';
import type { SubjectReport } from './subject-report.ts';

/**
 * Erases data subjects, such as users. Their `pii` fields are encrypted with a key per subject;
 * erasure destroys that key.
 * @example
 * await app.erasure.forget('user-42', { by: 'privacy@example.org' });
 */
export interface Erasure {
  /**
   * Finds the keys of a data subject, and the projections and dead letters that may hold its
   * values. Changes nothing.
   * @example
   * const { keys, projections } = await app.erasure.inspect('user-42');
   */
  inspect(subject: string): Promise<SubjectReport>;
  /**
   * Destroys the key of a data subject and records when and by whom. What the key encrypted reads
   * as `REDACTED` from then on. Idempotent. Existing rows keep their values until
   * `versions.repair`.
   * @example
   * const { destroyed } = await app.erasure.forget('user-42', { by: 'privacy@example.org' });
   */
  forget(subject: string, options: { readonly by: string }): Promise<ForgetReport>;
}

/** What was stored about a subject when its key was destroyed. */
export interface ForgetReport extends SubjectReport {
  /** False: the subject had no key, or it was destroyed before. */
  readonly destroyed: boolean;
}

/** Creates the erasure operations. `settings` is called when an operation starts. */
export function createErasure(settings: () => RunnerSettings, plans: readonly Plan[]): Erasure {
  return {
    inspect: async (subject) => readSubject(settings(), plans, subject),
    forget: async (subject, { by }) => forget(settings(), plans, { subject, by }),
  };
}
