import type { TriedLetter } from '../store/dead-letter-store.ts';
import type { QuarantinedLetter } from '../store/task-key.ts';
import { keyText } from './quarantine.ts';
import type { TaskErrorPolicy } from './task-error-policy.ts';

/** Upper limit of the wait between two attempts. Milliseconds. */
const WAIT_MS_MAX = 3_600_000;

/** A key, or a record without a key, whose first letter is retried. */
export interface Retry {
  readonly letter: QuarantinedLetter;
  /** Attempts at the letter that count: those before the task last halted because of it do not. */
  attempts: number;
  /** When the next attempt is due. Monotonic milliseconds. */
  dueMs: number;
  /**
   * The letters behind it are folded one by one, because one of them spoiled those folded with it.
   */
  isAlone: boolean;
}

/**
 * Schedules retries of the quarantined letters of a task, under a policy with retries; empty under
 * any other policy. Each key has its own schedule: its first letter is due after the policy's wait,
 * the next one as soon as that letter is folded or given up. Lives as long as this process owns the
 * task. Postgres decides which letters are quarantined (`sync`).
 */
export class RetrySchedule {
  readonly #policy: TaskErrorPolicy;
  readonly #now: () => number;
  readonly #retries = new Map<string, Retry>();

  constructor(policy: TaskErrorPolicy, now: () => number = () => performance.now()) {
    this.#policy = policy;
    this.#now = now;
  }

  /**
   * Starts a session with these quarantined letters, the first of each key. Known letters keep
   * their due times.
   */
  sync(letters: readonly QuarantinedLetter[]): void {
    if (this.#policy.retries === null) return;
    const before = new Map(this.#retries);
    this.#retries.clear();
    for (const letter of letters) {
      const known = before.get(nameOf(letter));
      if (known?.letter.topic === letter.topic && known.letter.offset === letter.offset) {
        this.#retries.set(nameOf(letter), known);
      } else this.#begin(letter);
    }
  }

  /** Adds a letter that a commit set aside, if it is retried. */
  setAside(letter: TriedLetter): void {
    if (letter.isRetried && letter.quarantine === 'failed') this.#begin(letter);
  }

  /** Returns the letter that is due and has waited longest; null: none is due. */
  due(): Retry | null {
    const next = this.#next();
    return next === null || next.dueMs > this.#now() ? null : next;
  }

  /** Returns the time until a letter is due, in milliseconds. Null: no letter is quarantined. */
  untilDueMs(): number | null {
    const next = this.#next();
    return next === null ? null : Math.max(0, next.dueMs - this.#now());
  }

  /** Whether all attempts are used up. */
  isSpent({ attempts }: Retry): boolean {
    return attempts >= (this.#policy.retries?.attempts ?? 1);
  }

  /** Counts a failed attempt. @returns whether attempts are left */
  failed(retry: Retry): boolean {
    retry.attempts += 1;
    retry.dueMs = this.#now() + this.#waitMs(retry.attempts);
    return !this.isSpent(retry);
  }

  /**
   * Replaces the first letter of a key, which was folded or given up, by the next one, which is
   * due.
   */
  passed(retry: Retry, next: QuarantinedLetter): Retry {
    // Moves it behind the keys that have been due as long.
    this.drop(retry);
    return this.#begin(next, retry.isAlone);
  }

  /** Removes a key that has no quarantined letter any more. */
  drop(retry: Retry): void {
    this.#retries.delete(nameOf(retry.letter));
  }

  #begin(letter: QuarantinedLetter, isAlone = false): Retry {
    const { attempts: max = 1 } = this.#policy.retries ?? {};
    const isSpent = letter.attempts >= max;
    // The task halted because of this letter and was resumed: all attempts are available again.
    const halted = isSpent && this.#policy.afterAttempts({ reason: 'HANDLER_FAILED' }) === 'stop';
    const attempts = halted ? 0 : letter.attempts;
    const waitMs = attempts === 0 || isSpent ? 0 : this.#waitMs(attempts);
    const retry = { letter, attempts, dueMs: this.#now() + waitMs, isAlone };
    this.#retries.set(nameOf(letter), retry);
    return retry;
  }

  #waitMs(attempts: number): number {
    const { initialMs = 0, factor = 1 } = this.#policy.retries ?? {};
    return Math.min(WAIT_MS_MAX, initialMs * factor ** (attempts - 1));
  }

  #next(): Retry | null {
    let next: Retry | null = null;
    for (const retry of this.#retries.values()) {
      if (next === null || retry.dueMs < next.dueMs) next = retry;
    }
    return next;
  }
}

function nameOf({ key, topic, offset }: QuarantinedLetter): string {
  return key === null ? `@ ${topic} ${offset}` : `k ${keyText(key)}`;
}
