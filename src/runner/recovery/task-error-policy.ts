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
 * What to do with a record that could not be folded. `setAside`: continue without it. `stop`: halt
 * the task before it. `quarantine`: set it aside, and also later records of its key, until somebody
 * redrives it, or, under a policy with retries, until the task has folded it or given it up. A
 * record without a key is quarantined alone.
 */
export type ErrorDecision = 'setAside' | 'stop' | 'quarantine';

/** A record that the next session must not fold, decided in an earlier session of the task. */
export interface RejectedRecord {
  readonly letter: DeadLetter;
  /** Later records of its key wait behind it. */
  readonly isQuarantined: boolean;
}

/**
 * Reasons that concern only a record or key, whatever the policy (semantics.md: time; patterns).
 */
const ALWAYS_ASIDE: ReadonlySet<string> = new Set(['FUTURE', 'PATTERN_RUNS_EXCEEDED']);

/**
 * Applies an error policy to the records of one task, and remembers its decisions. Lives as long as
 * this process owns the task, through all its sessions.
 */
export class TaskErrorPolicy {
  readonly #name: ErrorPolicyName;
  /** Number of attempts at a record, and the waits between them; null: the task tries it once. */
  readonly retries: Retries | null;
  readonly #rejected = new Map<string, RejectedRecord>();

  constructor(policy: ErrorPolicy) {
    const { name, retries } = readPolicy(policy);
    this.#name = name;
    this.retries = retries;
  }

  /** Decides about a record at its first failure. */
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

  /** Decides about a record whose attempts are used up. */
  afterAttempts(letter: { readonly reason: string }): 'setAside' | 'stop' {
    const halts = this.#name === 'retryAndFail' && !ALWAYS_ASIDE.has(letter.reason);
    return halts ? 'stop' : 'setAside';
  }

  /** Whether a letter that failed for this reason is set aside for good. */
  isAlwaysAside(reason: string): boolean {
    return ALWAYS_ASIDE.has(reason);
  }

  /** Remembers to set a record aside, instead of folding it, when the next session reads it. */
  reject(record: RejectedRecord): void {
    this.#rejected.set(positionText(record.letter), record);
  }

  /** Forgets a record that a commit has set aside: it will not be read again. */
  settled(letter: Parameters<typeof positionText>[0]): void {
    this.#rejected.delete(positionText(letter));
  }

  /** Returns what an earlier session decided about a record; undefined: nothing. */
  rejected(topic: string, partition: number, offset: number): RejectedRecord | undefined {
    return this.#rejected.get(positionText({ topic, partition, offset }));
  }

  get hasRejected(): boolean {
    return this.#rejected.size > 0;
  }
}

/** The parts of a failed record that decide about another attempt. */
type Failed = Pick<DeadLetter, 'value'> & { readonly reason: string };

/**
 * Whether the task itself must not try the record again: it would end the process again, or its
 * bytes are missing.
 */
export function isFinal(letter: Failed): boolean {
  return letter.reason === 'POISON_PILL' || isUnreadable(letter);
}

/**
 * Whether the record is of a Kafka batch that was too large to unpack (`RecordBatch.unreadable`):
 * only its position is known.
 */
export function isUnreadable({ reason, value }: Failed): boolean {
  return reason === 'BUDGET_EXCEEDED' && value === null;
}

/** Returns the text of a record position: `payments[3]@1042`. */
export function positionText(record: {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint | number;
}): string {
  return `${record.topic}[${record.partition}]@${record.offset}`;
}

/**
 * Returns the policy for a plan: that of its class, else that of the configuration. Default `fail`.
 */
export function policyOf(
  plan: Pick<Plan, 'onError'>,
  configured: ErrorPolicy | ErrorPolicies | undefined,
  when: keyof ErrorPolicies,
): ErrorPolicy {
  const said = configured ?? 'fail';
  const fallback = typeof said === 'object' && !('policy' in said) ? said[when] : said;
  return plan.onError[when] ?? fallback;
}
