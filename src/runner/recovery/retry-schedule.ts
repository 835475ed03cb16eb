import type { TriedLetter } from '../store/dead-letter-store.ts';
import type { QuarantinedLetter } from '../store/task-key.ts';
import { keyText } from './quarantine.ts';
import type { TaskErrorPolicy } from './task-error-policy.ts';

/** No wait between two attempts is longer. */
const WAIT_MS_MAX = 3_600_000;

/** A key, or a record without one, whose first letter is to be folded again. */
export interface Retry {
  readonly letter: QuarantinedLetter;
  /** Attempts at the letter that count: those before the task last halted for it do not. */
  attempts: number;
  /** Monotonic milliseconds. */
  dueMs: number;
  /** The letters behind it are folded one by one: one of them spoiled those folded with it. */
  isAlone: boolean;
}

/**
 * When the held letters of a task are folded again, by a policy with retries; empty for any other
 * policy. Each key has its own schedule: its first letter is due after the policy's wait, the one
 * behind it as soon as that one is folded or given up. Lives as long as the task is this process's;
 * what is held is Postgres's to say (`sync`).
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
   * A session begins: these letters are held, the first of each key. Those known keep their times.
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

  /** A letter was set aside by a commit. */
  setAside(letter: TriedLetter): void {
    if (letter.isRetried && letter.quarantine === 'failed') this.#begin(letter);
  }

  /** The next letter that is due, the one that waits longest first; null: none is. */
  due(): Retry | null {
    const next = this.#next();
    return next === null || next.dueMs > this.#now() ? null : next;
  }

  /** Until a letter is due. Milliseconds; null: none is held. */
  untilDueMs(): number | null {
    const next = this.#next();
    return next === null ? null : Math.max(0, next.dueMs - this.#now());
  }

  /** Whether its attempts are used up, without another one. */
  isSpent({ attempts }: Retry): boolean {
    return attempts >= (this.#policy.retries?.attempts ?? 1);
  }

  /** The letter failed again. @returns whether attempts are left */
  failed(retry: Retry): boolean {
    retry.attempts += 1;
    retry.dueMs = this.#now() + this.#waitMs(retry.attempts);
    return !this.isSpent(retry);
  }

  /** The first letter of the key is folded or given up: the one behind it is due. */
  passed(retry: Retry, next: QuarantinedLetter): Retry {
    // Behind the keys that are as long due.
    this.drop(retry);
    return this.#begin(next, retry.isAlone);
  }

  /** Nothing of the key is held any more. */
  drop(retry: Retry): void {
    this.#retries.delete(nameOf(retry.letter));
  }

  #begin(letter: QuarantinedLetter, isAlone = false): Retry {
    const { attempts: max = 1 } = this.#policy.retries ?? {};
    const isSpent = letter.attempts >= max;
    // A task that halted for it is let go on by somebody: all attempts again.
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
