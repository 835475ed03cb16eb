import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fairShare, type SharedTask } from '../../../../src/runner/ownership/fair-share.ts';

const PATIENCE = { patienceMs: 3 };

/**
 * A world of instances that beat in turn, all seeing the state of the round's beginning or the
 * newest one.
 */
interface World {
  readonly owners: Map<string, string | null>;
  readonly waits: Map<string, number>;
}

function seen(world: World, eligible: ReadonlyMap<string, readonly string[]>): SharedTask[] {
  return [...eligible].map(([label, instances]) => ({
    label,
    owner: world.owners.get(label) ?? null,
    unownedMs: world.waits.get(label) ?? 0,
    eligible: instances,
  }));
}

/**
 * One round: every instance decides on what it sees, then its moves happen; who comes first takes.
 * @returns whether anything moved
 */
function round(
  world: World,
  of: {
    readonly instances: readonly string[];
    readonly eligible: ReadonlyMap<string, readonly string[]>;
    readonly atOnce: boolean;
  },
): boolean {
  const { instances, eligible, atOnce } = of;
  const before = seen(world, eligible);
  let moved = false;
  for (const me of instances) {
    const moves = fairShare(me, atOnce ? before : seen(world, eligible), PATIENCE);
    for (const label of moves.handBack) world.owners.set(label, null);
    for (const label of moves.take) {
      if ((world.owners.get(label) ?? null) === null) world.owners.set(label, me);
    }
    moved ||= moves.handBack.length + moves.take.length > 0;
  }
  for (const label of eligible.keys()) {
    const isOwned = (world.owners.get(label) ?? null) !== null;
    world.waits.set(label, isOwned ? 0 : (world.waits.get(label) ?? 0) + 1);
  }
  return moved;
}

const names = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

const worlds = fc
  .record({
    instances: fc.integer({ min: 1, max: 6 }),
    tasks: fc.integer({ min: 0, max: 40 }),
    atOnce: fc.boolean(),
    seed: fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
    masks: fc.array(fc.integer({ min: 1, max: 63 }), { minLength: 40, maxLength: 40 }),
  })
  .map(({ instances: count, tasks: taskCount, atOnce, seed, masks }) => {
    const instances = names(count, 'i');
    const tasks = names(taskCount, 't');
    const start = new Map(
      tasks.map((task, i) => [task, [null, ...instances][(seed[i] ?? 0) % (count + 1)] ?? null]),
    );
    return { instances, tasks, atOnce, start, masks };
  });

describe('fairShare', () => {
  test('comes to rest with every task owned and no instance two tasks ahead of another', () => {
    fc.assert(
      fc.property(worlds, ({ instances, tasks, atOnce, start }) => {
        const eligible = new Map(tasks.map((task) => [task, instances]));
        const world: World = { owners: new Map(start), waits: new Map() };
        let rounds = 0;
        while (round(world, { instances, eligible, atOnce })) {
          rounds += 1;
          expect(rounds).toBeLessThan(50);
        }
        const owners = [...world.owners.values()];
        expect(owners).not.toContain(null);
        const loads = instances.map((me) => owners.filter((owner) => owner === me).length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
  });

  test('leaves no task without owner where instances run different projections', () => {
    fc.assert(
      fc.property(worlds, ({ instances, tasks, atOnce, start, masks }) => {
        const eligible = new Map(
          tasks.map((task, i) => {
            const chosen = instances.filter((_, n) => ((masks[i] ?? 1) >> n) % 2 === 1);
            return [task, chosen.length > 0 ? chosen : instances.slice(0, 1)];
          }),
        );
        const owners = new Map(
          [...start].map(([task, owner]) => [
            task,
            owner !== null && eligible.get(task)?.includes(owner) === true ? owner : null,
          ]),
        );
        const world: World = { owners, waits: new Map() };
        let rounds = 0;
        while (round(world, { instances, eligible, atOnce })) {
          rounds += 1;
          expect(rounds).toBeLessThan(60);
        }
        for (const [task, owner] of world.owners) expect(eligible.get(task)).toContain(owner);
        expect([...world.owners.values()]).not.toContain(null);
      }),
      { numRuns: 2_000 },
    );
  });

  test('gives a new instance its share only, and takes over what a lost one had', () => {
    const tasks = (owners: readonly (string | null)[], live: readonly string[]): SharedTask[] =>
      owners.map((owner, i) => ({ label: `t${i}`, owner, unownedMs: 0, eligible: live }));
    const crowded = tasks(['a', 'a', 'a', 'a'], ['a', 'b']);
    expect(fairShare('a', crowded, PATIENCE)).toEqual({ take: [], handBack: ['t0', 't1'] });
    expect(fairShare('b', crowded, PATIENCE)).toEqual({ take: [], handBack: [] });
    const orphaned = tasks(['a', null, null, 'a'], ['a']);
    expect(fairShare('a', orphaned, PATIENCE)).toEqual({ take: ['t1', 't2'], handBack: [] });
  });
});
