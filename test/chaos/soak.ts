import { setTimeout as delay } from 'node:timers/promises';
import type { Reprise } from '../../src/reprise.ts';
import { isRepriseError } from '../../src/reprise-error.ts';
import type { ChildProcess } from '../support/child-process.ts';
import { createChaosApp, LATENESS_MS, PROJECTIONS } from './chaos-app.ts';
import type { Load } from './load.ts';
import type { Slot, World } from './world.ts';

/** How often a version that lags is activated again. */
const ACTIVATE_ATTEMPTS = 5;
const INSTANCES = 4;

/**
 * How often each kind of fault is drawn, in parts. Restarts of servers cost seconds in which little
 * else can be seen.
 */
const WEIGHTS = {
  kill: 6,
  stop: 5,
  terminate: 3,
  cutDatabase: 4,
  cutBroker: 4,
  stallDatabase: 2,
  restartPostgres: 1,
  restartKafka: 1,
  switchVersion: 3,
  switchInSilence: 1,
  redrive: 3,
  giveUp: 1,
} as const;

/** What the soak can do to the world. */
export type FaultKind = keyof typeof WEIGHTS;

/**
 * Disturbs a world for a while, one fault after the other, drawn from a seed: what is drawn repeats
 * with the seed, when it falls does not. The deployment is meant to be of four instances at any
 * time: whatever ends is started again.
 */
export class Soak {
  readonly #world: World;
  readonly #load: Load;
  readonly #random: () => number;
  readonly #tell: (what: string) => void;
  readonly #ended = new Set<ChildProcess>();
  readonly counts: Record<FaultKind, number> = {
    kill: 0,
    stop: 0,
    terminate: 0,
    cutDatabase: 0,
    cutBroker: 0,
    stallDatabase: 0,
    restartPostgres: 0,
    restartKafka: 0,
    switchVersion: 0,
    switchInSilence: 0,
    redrive: 0,
    giveUp: 0,
  };
  /** Dead letters that were folded after all. */
  redriven = 0;
  /** Rebuilds that were killed on the way and finished by another process. */
  rebuildsKilled = 0;
  /** The active version. */
  version = 1;

  constructor(
    on: { readonly world: World; readonly load: Load },
    random: () => number,
    tell: (what: string) => void,
  ) {
    this.#world = on.world;
    this.#load = on.load;
    this.#random = random;
    this.#tell = tell;
  }

  start(): void {
    this.#world.addSlots(INSTANCES, this.version);
    for (const { program } of this.#world.slots) this.#watch(program);
  }

  /**
   * Until the time is over. Every kind of fault is met at least once when there is time for it: the
   * first round goes through all of them, in a drawn order.
   */
  async run(untilMs: number): Promise<void> {
    const kinds = Object.keys(WEIGHTS) as FaultKind[];
    const first = kinds.map((kind) => ({ kind, at: this.#random() })).sort((a, b) => a.at - b.at);
    for (let round = 0; performance.now() < untilMs; round += 1) {
      const kind = first[round]?.kind ?? this.#draw(kinds);
      this.#tell(kind);
      await this.#commit(kind);
      this.counts[kind] += 1;
      await delay(300 + this.#random() * 1_200);
      this.#revive();
    }
  }

  /** Everything works again: nothing stopped, held back or ended. */
  calm(): void {
    this.#world.postgresProxy.resume();
    this.#world.kafkaProxy.resume();
    for (const slot of this.#world.slots) if (slot.isStopped) this.#world.wake(slot);
    this.#revive();
  }

  /** Instances that ended by themselves are started again: what a supervisor does. */
  #revive(): void {
    if (this.#world.reviveEnded(this.#ended) > 0)
      for (const { program } of this.#world.slots) this.#watch(program);
  }

  #watch(program: ChildProcess): void {
    void program.exited.then(() => this.#ended.add(program));
  }

  #draw(kinds: readonly FaultKind[]): FaultKind {
    const total = kinds.reduce((sum, kind) => sum + WEIGHTS[kind], 0);
    let left = this.#random() * total;
    for (const kind of kinds) {
      left -= WEIGHTS[kind];
      if (left < 0) return kind;
    }
    return 'kill';
  }

  async #commit(kind: FaultKind): Promise<void> {
    const world = this.#world;
    switch (kind) {
      case 'kill':
        return this.#replace(this.#slot(), 'SIGKILL');
      case 'terminate':
        return this.#replace(this.#slot(), 'SIGTERM');
      case 'stop':
        return this.#stopOne();
      case 'cutDatabase':
        return world.postgresProxy.resetAll();
      case 'cutBroker':
        return world.kafkaProxy.resetAll();
      case 'stallDatabase': {
        world.postgresProxy.pause();
        await delay(500 + this.#random() * 3_000);
        return world.postgresProxy.resume();
      }
      case 'restartPostgres':
        await world.postgres.crash();
        return world.postgres.start();
      case 'restartKafka':
        await world.kafka.kill();
        return world.kafka.restart();
      case 'switchVersion':
        return this.#switch(async () => undefined);
      case 'switchInSilence':
        return this.#switchInSilence();
      case 'redrive':
        return this.#redrive();
      case 'giveUp':
        return this.#giveUp();
    }
  }

  /**
   * Shorter and longer than the lease: some wake up as owners, some as zombies. Sleeps on while
   * other faults happen.
   */
  async #stopOne(): Promise<void> {
    const slot = this.#slot();
    if (slot.isStopped) return;
    const { program } = slot;
    slot.isStopped = true;
    program.kill('SIGSTOP');
    void delay(500 + this.#random() * 6_000).then(() => {
      if (slot.program === program && slot.isStopped) this.#world.wake(slot);
    });
  }

  #slot(): Slot {
    const { slots } = this.#world;
    return slots[Math.floor(this.#random() * slots.length)] as Slot;
  }

  async #replace(slot: Slot, signal: 'SIGKILL' | 'SIGTERM', version = slot.version): Promise<void> {
    await this.#world.replace(slot, signal, version);
    this.#watch(slot.program);
  }

  /**
   * 1 build the next version beside the live one, killed on the way every other time, 2 half of the
   * instances run its code, 3 activate, 4 the other half, 5 retire the old one.
   */
  async #switch(before: () => Promise<void>): Promise<void> {
    const next = this.version + 1;
    await this.#rebuild(next); // 1
    await before();
    const { slots } = this.#world;
    const replaceAll = (some: readonly Slot[]) =>
      Promise.all(some.map((slot) => this.#replace(slot, 'SIGTERM', next)));
    await replaceAll(slots.slice(0, INSTANCES / 2)); // 2
    await this.#withApp(next, async (app) => {
      for (const name of PROJECTIONS) await activateWhenCaughtUp(app, name); // 3
      await replaceAll(slots.slice(INSTANCES / 2)); // 4
      for (const name of PROJECTIONS) await app.versions.retire(name, this.version); // 5
    });
    this.version = next;
    this.#tell(`version ${next} is active`);
  }

  /**
   * Windows close by silence in the old version alone, which the next one was built before; then
   * the next one takes over.
   */
  #switchInSilence(): Promise<void> {
    return this.#load.silence(() => this.#switch(() => delay(LATENESS_MS + 8_000)));
  }

  /** Folds the dead letters that there are, by mended code. */
  #redrive(): Promise<void> {
    return this.#withApp(this.version, async (app) => {
      const { redriven } = await app.deadLetters.redrive({ projection: 'login_windows' });
      this.redriven += redriven;
    });
  }

  /** Builds the next version, with alerts that are held, and drops it again. */
  async #giveUp(): Promise<void> {
    const next = this.version + 1;
    await this.#rebuild(next);
    await this.#withApp(next, async (app) => {
      for (const name of PROJECTIONS) await app.versions.retire(name, next);
    });
  }

  async #withApp(version: number, work: (app: Reprise) => Promise<void>): Promise<void> {
    const { directUrl: databaseUrl, brokers } = this.#world;
    const app = await createChaosApp({ databaseUrl, brokers, version });
    try {
      await work(app);
    } finally {
      await app.close();
    }
  }

  async #rebuild(version: number): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const program = this.#world.program(version, { CHAOS_REBUILD: '1' });
      const kill =
        attempt === 0 && this.#random() < 0.5
          ? setTimeout(() => program.kill('SIGKILL'), 500 + this.#random() * 1_500)
          : undefined;
      const code = await program.exited;
      clearTimeout(kill);
      if (code === 0) return;
      if (code === null) this.rebuildsKilled += 1;
      if (attempt === 5)
        throw new Error(`the rebuild failed again and again:\n${program.output()}`);
    }
  }
}

/** What the refusal advises: to try again. On a busy machine the next version may lag a while. */
async function activateWhenCaughtUp(app: Reprise, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await app.versions.activate(name);
      return;
    } catch (error) {
      if (!isRepriseError(error, 'ACTIVATE_REFUSED') || attempt === ACTIVATE_ATTEMPTS) throw error;
    }
  }
}
