import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEveryLog } from '../support/every-log.ts';
import type { AlertKind } from '../support/switch-kinds.ts';
import type { Attempt, Schedule } from '../support/switch-world.ts';
import { SwitchWorld } from '../support/switch-world.ts';

const T = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

/** A log-in of a user that failed; `breaks`: bits of the versions that cannot fold it. */
const failure = (user: number, atMs: number, breaks = 0): Attempt => ({
  user,
  fails: true,
  atMs: T + atMs,
  breaks,
});

onEveryLog('around a switch', ({ brokers }) => {
  let world: SwitchWorld;
  beforeAll(async () => {
    world = await SwitchWorld.open(brokers);
  });
  afterAll(() => world.close());

  async function running(kind: AlertKind, latenesses = ['0 seconds']): Promise<Schedule> {
    const schedule = await world.schedule(kind, latenesses);
    await schedule.build('run');
    return schedule;
  }

  /** Folds what there is, and commits it. */
  async function follow(schedule: Schedule, ...versions: readonly number[]): Promise<void> {
    for (const version of versions) {
      await schedule.fold(version, 1_000);
      await schedule.flush(version);
    }
  }

  async function publishedBy(schedule: Schedule): Promise<number> {
    await schedule.publish();
    expect(new Set(schedule.published).size).toBe(schedule.published.length);
    return schedule.published.length;
  }

  test.each(['windows', 'sessions', 'absence'] as const)(
    '%s closed by silence are not published again by a version built before it',
    async (kind) => {
      const schedule = await running(kind);
      await schedule.append([failure(1, 0), failure(2, 1_000)]);
      await follow(schedule, 1);
      await schedule.build('rebuild');
      await follow(schedule, 2);
      await schedule.tick(1, MINUTE);
      expect(await publishedBy(schedule)).toBe(2);
      await schedule.activate(2);
      await schedule.tick(2, 2 * MINUTE);
      await schedule.append([failure(3, 10 * MINUTE)]);
      await follow(schedule, 2);
      expect(await publishedBy(schedule)).toBe(2);
    },
  );

  test.each(['windows', 'sessions', 'absence'] as const)(
    '%s that only the new version saw closed by silence are published at the switch',
    async (kind) => {
      const schedule = await running(kind);
      await schedule.append([failure(1, 0), failure(2, 1_000)]);
      await follow(schedule, 1);
      await schedule.build('rebuild');
      await follow(schedule, 2);
      await schedule.tick(2, MINUTE);
      expect(await publishedBy(schedule)).toBe(0);
      await schedule.activate(2);
      expect(await publishedBy(schedule)).toBe(2);
    },
  );

  test('the version that takes over lets pass what the old one let pass: an event of that time is late for it too', async () => {
    const schedule = await running('windows');
    await schedule.append([failure(1, 1_000)]);
    await follow(schedule, 1);
    await schedule.build('rebuild');
    await follow(schedule, 2);
    await schedule.tick(1, MINUTE);
    await schedule.activate(2);
    // In a window that the old version let pass, of a user without a row in it.
    await schedule.append([failure(2, 2_000), failure(1, 5 * MINUTE)]);
    await follow(schedule, 2);
    await schedule.rollback();
    await schedule.settle();
    expect(schedule.published).toHaveLength(2);
    expect([...schedule.published].sort()).toEqual([...schedule.model.published].sort());
  });

  test('versions of different lateness repeat nothing and lose nothing', async () => {
    for (const latenesses of [
      ['0 seconds', '5 seconds'],
      ['5 seconds', '0 seconds'],
    ]) {
      const schedule = await running('pattern', latenesses);
      await schedule.append([failure(1, 0), failure(1, 1_000), failure(2, 1_500)]);
      await follow(schedule, 1);
      await schedule.build('rebuild');
      await follow(schedule, 2);
      await schedule.activate(2);
      await schedule.append([failure(2, 3_000), failure(3, 3_500)]);
      await follow(schedule, 1, 2);
      await schedule.rollback();
      await schedule.settle();
      expect(await publishedBy(schedule)).toBe(2);
    }
  });

  test('a first version that was built by rebuild publishes its whole history once it is activated', async () => {
    const schedule = await world.schedule('pattern', ['0 seconds']);
    await schedule.build('rebuild');
    await schedule.append([failure(1, 0), failure(1, 1_000)]);
    await follow(schedule, 1);
    await schedule.append([failure(2, 2_000), failure(2, 3_000)]);
    await follow(schedule, 1);
    expect(await publishedBy(schedule)).toBe(0);
    await schedule.activate(1);
    expect(await publishedBy(schedule)).toBe(2);
    await schedule.append([failure(3, 4_000), failure(3, 5_000)]);
    await follow(schedule, 1);
    expect(await publishedBy(schedule)).toBe(3);
  });

  test('retire leaves alerts that are released and not yet published', async () => {
    const schedule = await running('pattern');
    await schedule.append([failure(1, 0), failure(1, 1_000)]);
    await follow(schedule, 1);
    await schedule.build('rebuild');
    await schedule.activate(2);
    await schedule.retire(1);
    expect(await publishedBy(schedule)).toBe(1);
  });

  test('the alert of a record that the old version set aside and the new one folds is published', async () => {
    const schedule = await running('pattern');
    const ofVersion1 = 1 << 1;
    await schedule.append([
      failure(1, 0),
      failure(1, 1_000, ofVersion1),
      failure(2, 2_000, ofVersion1),
      failure(2, 3_000),
      failure(3, 4_000),
      failure(3, 5_000),
    ]);
    await follow(schedule, 1);
    expect(await publishedBy(schedule)).toBe(1);
    await schedule.discard(0);
    await schedule.build('rebuild');
    await follow(schedule, 2);
    await schedule.activate(2);
    expect(await publishedBy(schedule)).toBe(3);
  });

  test('a letter that is redriven after the switch repeats no alert of the version before', async () => {
    const schedule = await running('pattern');
    const ofVersion2 = 1 << 2;
    await schedule.append([failure(1, 0), failure(1, 1_000, ofVersion2)]);
    await follow(schedule, 1);
    expect(await publishedBy(schedule)).toBe(1);
    await schedule.build('rebuild');
    await follow(schedule, 2);
    await schedule.activate(2);
    await schedule.redrive(2, 0);
    expect(await publishedBy(schedule)).toBe(1);
  });

  test('a letter of both versions is published by the first that folds it, also after a way back', async () => {
    const schedule = await running('pattern');
    const ofBoth = (1 << 1) | (1 << 2);
    await schedule.append([failure(1, 0), failure(1, 1_000, ofBoth)]);
    await follow(schedule, 1);
    await schedule.build('rebuild');
    await follow(schedule, 2);
    await schedule.activate(2);
    expect(await publishedBy(schedule)).toBe(0);
    await schedule.redrive(2, 0);
    expect(await publishedBy(schedule)).toBe(1);
    await schedule.rollback();
    await schedule.redrive(1, 0);
    expect(await publishedBy(schedule)).toBe(1);
  });

  test('what is held by versions that are never activated does not pile up', async () => {
    const schedule = await running('pattern');
    await schedule.build('rebuild');
    for (let round = 0; round < 10; round += 1) {
      await schedule.append([failure(round, round * MINUTE), failure(round, round * MINUTE + 1)]);
      await follow(schedule, 2, 1);
    }
    expect(await schedule.held()).toBeLessThanOrEqual(1);
    expect(await publishedBy(schedule)).toBe(10);
  });
});
