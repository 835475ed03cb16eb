import type { ErrorPolicies, ErrorPolicy } from '../../projection/error-policy.ts';
import type { Plan } from '../../projection/plan.ts';

/** What to do with a record that could not be folded. */
export type Verdict = 'setAside' | 'stop' | 'tryAgain';

const ATTEMPTS_MAX = 3;

/** Applies an error policy to the records of one task, and counts how often each was tried. Lives as long as the task is this process's, through all its sessions. */
export class Judge {
  readonly #policy: ErrorPolicy;
  readonly #attempts = new Map<string, number>();

  constructor(policy: ErrorPolicy) {
    this.#policy = policy;
  }

  /** @param record `topic[partition]@offset` */
  verdict(record: string): { readonly verdict: Verdict; readonly attempts: number } {
    const final = this.#policy === 'skip' || this.#policy === 'retryAndSkip' ? 'setAside' : 'stop';
    if (this.#policy === 'skip' || this.#policy === 'fail') return { verdict: final, attempts: 1 };
    // Kept when it is decided too: before its flush commits, another record's attempt may bring it here again.
    const attempts = Math.min(ATTEMPTS_MAX, (this.#attempts.get(record) ?? 0) + 1);
    this.#attempts.set(record, attempts);
    return { verdict: attempts < ATTEMPTS_MAX ? 'tryAgain' : final, attempts };
  }
}

/** The policy for a plan: the class's own, else the configuration's. */
export function policyOf(
  plan: Pick<Plan, 'onError'>,
  configured: ErrorPolicy | ErrorPolicies | undefined,
  when: keyof ErrorPolicies,
): ErrorPolicy {
  const fallback = typeof configured === 'object' ? configured[when] : (configured ?? 'fail');
  return plan.onError[when] ?? fallback;
}
