import type { DeadLetter } from '../../fold/task-fold.ts';
import type { ErrorPolicies, ErrorPolicy } from '../../projection/error-policy.ts';
import type { Plan } from '../../projection/plan.ts';

/**
 * What to do with a record that could not be folded: pass it over now (`setAside`), end the task before it (`stop`), fold again from committed rows (`tryAgain`), or
 * fold again from committed rows with the record, and what its key brings after it, left out (`holdKey`).
 */
export type Verdict = 'setAside' | 'stop' | 'tryAgain' | 'holdKey';

/** A record that will not be folded when it is met, decided in an earlier life of the task. */
export interface Condemned {
  readonly letter: DeadLetter;
  readonly attempts: number;
  /** Later records of its key wait behind it. */
  readonly holdsKey: boolean;
}

const ATTEMPTS_MAX = 3;

/** Reasons that concern a record or key alone, whatever the policy (semantics.md: time; patterns). */
const ALWAYS_ASIDE: ReadonlySet<string> = new Set(['FUTURE', 'PATTERN_RUNS_EXCEEDED']);

/** Applies an error policy to the records of one task, and remembers what it decided. Lives as long as the task is this process's, through all its sessions. */
export class Judge {
  readonly #policy: ErrorPolicy;
  readonly #attempts = new Map<string, number>();
  readonly #condemned = new Map<string, Condemned>();

  constructor(policy: ErrorPolicy) {
    this.#policy = policy;
  }

  /** Decides on a record. `holdKey` is remembered: see `condemned`. */
  verdict(letter: DeadLetter): { readonly verdict: Verdict; readonly attempts: number } {
    if (ALWAYS_ASIDE.has(letter.reason)) return { verdict: 'setAside', attempts: 1 };
    const record = placeOf(letter);
    switch (this.#policy) {
      case 'fail':
        return { verdict: 'stop', attempts: 1 };
      case 'skip':
        return { verdict: 'setAside', attempts: 1 };
      case 'quarantineKey':
        if (letter.key === null) return { verdict: 'setAside', attempts: 1 };
        this.condemn({ letter, attempts: 1, holdsKey: true });
        return { verdict: 'holdKey', attempts: 1 };
      default: {
        // Kept when it is decided too: before its flush commits, another record's attempt may bring it here again.
        const attempts = Math.min(ATTEMPTS_MAX, (this.#attempts.get(record) ?? 0) + 1);
        this.#attempts.set(record, attempts);
        const final = this.#policy === 'retryAndSkip' ? 'setAside' : 'stop';
        return { verdict: attempts < ATTEMPTS_MAX ? 'tryAgain' : final, attempts };
      }
    }
  }

  /** Has a record set aside when a later session meets it, instead of being folded. */
  condemn(record: Condemned): void {
    this.#condemned.set(placeOf(record.letter), record);
  }

  /** The record was set aside by a commit: it will not be met again. */
  settled(letter: DeadLetter): void {
    this.#condemned.delete(placeOf(letter));
    this.#attempts.delete(placeOf(letter));
  }

  /** What was decided on a record in an earlier session; undefined: nothing. */
  condemned(topic: string, partition: number, offset: number): Condemned | undefined {
    return this.#condemned.get(placeOf({ topic, partition, offset }));
  }

  get hasCondemned(): boolean {
    return this.#condemned.size > 0;
  }
}

/** `payments[3]@1042`. */
export function placeOf(record: {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint | number;
}): string {
  return `${record.topic}[${record.partition}]@${record.offset}`;
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
