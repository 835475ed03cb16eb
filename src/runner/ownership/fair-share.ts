/** A task as the fair share sees it. */
export interface SharedTask {
  /** `taskLabel`: unique. */
  readonly label: string;
  /** The live instance that owns it; null: nobody, or one that is gone. */
  readonly owner: string | null;
  /** For how long nobody has owned it, by the database's clock. 0 where somebody does. */
  readonly unownedMs: number;
  /** Live instances that may run it, this one perhaps among them. */
  readonly eligible: readonly string[];
}

/** What an instance should do now. */
export interface Moves {
  readonly take: readonly string[];
  readonly handBack: readonly string[];
}

/**
 * What one instance should take and hand back, from what all of them see. Unowned tasks go, one by
 * one, to the instance with the fewest; all instances that see the same come to the same answer, so
 * they rarely want the same task (taking is atomic in Postgres). What nobody took for `patienceMs`
 * anybody takes. Once all have owners, an instance hands back while another has at least two tasks
 * fewer. By this alone they come to rest, balanced.
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

/** How many tasks each instance has, or will have. */
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

  /** The one with the fewest tasks; of several the first by name. */
  least(instances: readonly string[]): string | undefined {
    return [...instances].sort((a, b) => this.of(a) - this.of(b) || (a < b ? -1 : 1))[0];
  }
}

/** Those with the fewest candidates are dealt out first, while there is still room for them. */
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
