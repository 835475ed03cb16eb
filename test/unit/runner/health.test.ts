import { expect, test } from 'vitest';
import type { InstanceStatus, ProjectionStatus, TaskStatus } from '../../../src/reprise.ts';
import { healthOf } from '../../../src/runner/health.ts';

const instance = (isLive: boolean): InstanceStatus => ({
  instance: 'a',
  startedAt: new Date(0),
  lastBeatAt: new Date(0),
  isLive,
  stopRequested: false,
  tasks: 1,
});

const projection = (
  task: Partial<TaskStatus>,
  of: Partial<ProjectionStatus> = {},
): ProjectionStatus => ({
  name: 'sales',
  version: 1,
  state: 'active',
  paused: false,
  rows: 0n,
  lagRecords: 99n,
  deadLetters: 0n,
  lateEvents: 0n,
  unpublished: 0n,
  tasks: [
    {
      partition: 0,
      state: 'running',
      nextOffset: 0n,
      stableEndOffset: 99n,
      lagRecords: 99n,
      watermark: null,
      epoch: 1n,
      owner: 'a',
      error: null,
      ...task,
    },
  ],
  ...of,
});

test('lag, a rebuild, a version that waits and a paused projection are no problem', () => {
  const statuses = [
    projection({}),
    projection({ state: 'idle', owner: null }, { state: 'building', version: 2 }),
    projection({ state: 'idle', owner: null }, { state: 'ready', version: 3 }),
    projection({ state: 'idle', owner: null }, { paused: true }),
  ];
  expect(healthOf(statuses, [instance(true)])).toEqual({
    isLive: true,
    isReady: true,
    problems: [],
  });
});

test.each([
  [{ state: 'halted', error: 'TRUNCATED: gone' }, 'sales v1 [0] halted: TRUNCATED: gone'],
  [{ state: 'paused', error: 'no database' }, 'sales v1 [0] waits: no database'],
  [{ state: 'idle', owner: null }, 'sales v1 [0] has no owner'],
] as const)('%j is told', (task, problem) => {
  expect(healthOf([projection(task)], [instance(true)])).toEqual({
    isLive: true,
    isReady: false,
    problems: [problem],
  });
});

test('without a live instance nothing is well', () => {
  for (const instances of [[], [instance(false)]]) {
    expect(healthOf([projection({})], instances)).toEqual({
      isLive: false,
      isReady: false,
      problems: ['no instance runs'],
    });
  }
});
