/** A task as `fairShare` sees it. */
export interface SharedTask {
  /** `taskLabel`; unique. */
  readonly label: string;
  /** The live instance that owns it; null: it has no owner, or the owner is dead. */
  readonly owner: string | null;
  /** How long it has had no owner, by the database's clock, in milliseconds. 0 if it has one. */
  readonly unownedMs: number;
  /** Live instances that may run it, possibly including this one. */
  readonly eligible: readonly string[];
}

/** The tasks that an instance should take and hand back now. */
export interface Moves {
  readonly take: readonly string[];
  readonly handBack: readonly string[];
}

/**
 * Decides which tasks one instance takes and hands back, from the state that all instances see.
 * Unowned tasks are assigned one by one to the instance with the fewest tasks. Instances that see
 * the same state decide the same, so they rarely want the same task (taking is atomic in Postgres).
 * Any eligible instance takes a task that had no owner for `patienceMs`. Once all tasks have
 * owners, an instance hands tasks back while another one has at least two fewer. This alone leads
 * to a balanced, stable distribution.
 */
export function fairShare(
  me: string,
  tasks: readonly SharedTask[],
  options: { readonly patienceMs: number },
): Moves {
  const loads = new Loads(tasks);
  const unowned = tasks.filter(({ owner, eligible }) => owner === null && eligible.length > 0);
  return unowned.length > 0
    ? { take: dealt(me, unowned, loads, options), handBack: [] }
    : { take: [], handBack: surplus(me, tasks, loads) };
}

/** Counts the tasks that each instance has or will have. */
class Loads {
  readonly #counts = new Map<string, number>();

  constructor(tasks: readonly SharedTask[]) {
    for (const { owner } of tasks) if (owner !== null) this.add(owner, 1);
  }

  of(instance: string): number {
    return this.#counts.get(instance) ?? 0;
  }

  add(instance: string, count: number): void {
    this.#counts.set(instance, this.of(instance) + count);
  }

  /** Returns the instance with the fewest tasks; of several, the first by name. */
  least(instances: readonly string[]): string | undefined {
    return [...instances].sort((a, b) => this.of(a) - this.of(b) || (a < b ? -1 : 1))[0];
  }
}

/** Assigns tasks with the fewest eligible instances first, while these still have capacity. */
function dealt(
  me: string,
  unowned: readonly SharedTask[],
  loads: Loads,
  { patienceMs }: { readonly patienceMs: number },
): readonly string[] {
  const ordered = [...unowned].sort(
    (a, b) => a.eligible.length - b.eligible.length || (a.label < b.label ? -1 : 1),
  );
  return ordered.flatMap(({ label, eligible, unownedMs }) => {
    const chosen = loads.least(eligible);
    if (chosen !== undefined) loads.add(chosen, 1);
    const waited = unownedMs > patienceMs && eligible.includes(me);
    return chosen === me || waited ? [label] : [];
  });
}

function surplus(me: string, tasks: readonly SharedTask[], loads: Loads): readonly string[] {
  return tasks.flatMap(({ label, owner, eligible }) => {
    if (owner !== me) return [];
    const least = loads.least(eligible.filter((each) => each !== me));
    if (least === undefined || loads.of(least) > loads.of(me) - 2) return [];
    loads.add(least, 1);
    loads.add(me, -1);
    return [label];
  });
}
