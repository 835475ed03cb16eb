import type { DeadLetter } from '../../fold/task/task-fold.ts';
import type {
  ErrorPolicies,
  ErrorPolicy,
  ErrorPolicyName,
  Retries,
} from '../../projection/plan/error-policy.ts';
import { readPolicy } from '../../projection/plan/error-policy.ts';
import type { Plan } from '../../projection/plan/plan.ts';

/**
 * What to do with a record that could not be folded: pass it over (`setAside`), end the task before
 * it (`stop`), or set it aside and hold what its key brings after it (`hold`): until somebody
 * redrives it, or, by a policy with retries, until the task has folded it after all or given it up.
 * A record without a key is held alone.
 */
export type ErrorDecision = 'setAside' | 'stop' | 'quarantine';

/** A record that will not be folded when it is met, decided in an earlier session of the task. */
export interface RejectedRecord {
  readonly letter: DeadLetter;
  /** Later records of its key wait behind it. */
  readonly isQuarantined: boolean;
}

/**
 * Reasons that concern a record or key alone, whatever the policy (semantics.md: time; patterns).
 */
const ALWAYS_ASIDE: ReadonlySet<string> = new Set(['FUTURE', 'PATTERN_RUNS_EXCEEDED']);

/**
 * Applies an error policy to the records of one task, and remembers what it decided. Lives as long
 * as the task is this process's, through all its sessions.
 */
export class TaskErrorPolicy {
  readonly #name: ErrorPolicyName;
  /** How often a record is tried, and how far apart; null: once, by its task. */
  readonly retries: Retries | null;
  readonly #rejected = new Map<string, RejectedRecord>();

  constructor(policy: ErrorPolicy) {
    const { name, retries } = readPolicy(policy);
    this.#name = name;
    this.retries = retries;
  }

  /** Decides on a record at its first failure. */
  decide(letter: DeadLetter): ErrorDecision {
    if (ALWAYS_ASIDE.has(letter.reason)) return 'setAside';
    switch (this.#name) {
      case 'fail':
        return 'stop';
      case 'skip':
        return 'setAside';
      case 'quarantineKey':
        return letter.key === null ? 'setAside' : 'quarantine';
      default:
        return this.retries?.attempts === 1 || isFinal(letter)
          ? this.afterAttempts(letter)
          : 'quarantine';
    }
  }

  /** Decides on a record whose attempts are used up. */
  afterAttempts(letter: { readonly reason: string }): 'setAside' | 'stop' {
    const halts = this.#name === 'retryAndFail' && !ALWAYS_ASIDE.has(letter.reason);
    return halts ? 'stop' : 'setAside';
  }

  /** Whether a letter is aside for good once an attempt failed for this reason. */
  isAlwaysAside(reason: string): boolean {
    return ALWAYS_ASIDE.has(reason);
  }

  /** Has a record set aside when the next session meets it, instead of being folded. */
  reject(record: RejectedRecord): void {
    this.#rejected.set(positionText(record.letter), record);
  }

  /** The record was set aside by a commit: it will not be met again. */
  settled(letter: Parameters<typeof positionText>[0]): void {
    this.#rejected.delete(positionText(letter));
  }

  /** What was decided on a record in an earlier session; undefined: nothing. */
  rejected(topic: string, partition: number, offset: number): RejectedRecord | undefined {
    return this.#rejected.get(positionText({ topic, partition, offset }));
  }

  get hasRejected(): boolean {
    return this.#rejected.size > 0;
  }
}

/** A failed record, as far as it matters for another attempt. */
type Failed = Pick<DeadLetter, 'value'> & { readonly reason: string };

/**
 * Whether another attempt of the task itself is out of the question: it would end the process
 * again, or cannot be made.
 */
export function isFinal(letter: Failed): boolean {
  return letter.reason === 'POISON_PILL' || isUnreadable(letter);
}

/**
 * A record of a Kafka batch that was too large to unpack (`RecordBatch.unreadable`): only its place
 * is known.
 */
export function isUnreadable({ reason, value }: Failed): boolean {
  return reason === 'BUDGET_EXCEEDED' && value === null;
}

/** `payments[3]@1042`. */
export function positionText(record: {
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
  const said = configured ?? 'fail';
  const fallback = typeof said === 'object' && !('policy' in said) ? said[when] : said;
  return plan.onError[when] ?? fallback;
}
