import type { TaskKey } from '../store/task-key.ts';
import { taskLabel } from '../store/task-key.ts';

/** A task and who owns it. */
interface Watched extends TaskKey {
  readonly owner: string | null;
}

/**
 * Notices tasks that nobody runs. Only what this instance has seen itself counts: after a pause of
 * all instances every task has been without owner for long, and the one that starts has yet to take
 * them. Time is the caller's, in milliseconds.
 */
export class OrphanWatch {
  readonly #patienceMs: number;
  /** When a task was first seen without owner, by its label. */
  #sinceMs = new Map<string, number>();
  #reported = new Set<string>();

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /**
   * The tasks that have been without owner in every look of the last `patienceMs`; each once until
   * it has an owner again.
   */
  found<Task extends Watched>(tasks: readonly Task[], nowMs: number): readonly Task[] {
    const orphans = tasks.filter(({ owner }) => owner === null);
    const before = this.#sinceMs;
    this.#sinceMs = new Map(
      orphans.map((task) => [taskLabel(task), before.get(taskLabel(task)) ?? nowMs]),
    );
    const lasting = orphans.filter(
      (task) => nowMs - (this.#sinceMs.get(taskLabel(task)) ?? nowMs) >= this.#patienceMs,
    );
    const reported = this.#reported;
    this.#reported = new Set(lasting.map(taskLabel));
    return lasting.filter((task) => !reported.has(taskLabel(task)));
  }
}
