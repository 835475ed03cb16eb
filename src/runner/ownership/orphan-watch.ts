import type { TaskKey } from '../store/task-key.ts';
import { taskLabel } from '../store/task-key.ts';

/** A task and its owner. */
interface Watched extends TaskKey {
  readonly owner: string | null;
}

/**
 * Finds tasks that no instance runs. Only the observations of this instance count: after a pause of
 * all instances every task has been unowned for long, and the first instance to start has yet to
 * take them. The caller supplies the time, in milliseconds.
 */
export class OrphanWatch {
  readonly #patienceMs: number;
  /** When a task was first seen without an owner, by task label. */
  #sinceMs = new Map<string, number>();
  #reported = new Set<string>();

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /**
   * Returns the tasks without an owner in every observation of the last `patienceMs`. Each is
   * returned once, until it has an owner again.
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
