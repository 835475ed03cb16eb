import { expect, test } from 'vitest';
import { healthOf } from '../../../../src/runner/status/read-health.ts';
import type {
  DependencyStatus,
  ProjectionStatus,
  TaskStatus,
} from '../../../../src/runner/status/task-status.ts';

const projection = (
  task: Partial<TaskStatus>,
  of: Partial<ProjectionStatus> = {},
): ProjectionStatus => ({
  name: 'sales',
  version: 1,
  state: 'active',
  paused: false,
  rows: 0n,
  rowsAreEstimated: false,
  lagRecords: 99n,
  deadLetters: 0n,
  lateEvents: 0n,
  unpublished: 0n,
  publishFailures: [],
  countedUpTo: 1_000n,
  isUndeclared: false,
  tasks: [
    {
      topic: 'payments',
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
  expect(healthOf({ isLive: true, statuses, dependencies: [] })).toEqual({
    isLive: true,
    isReady: true,
    problems: [],
    dependencies: [],
  });
});

test.each([
  [{ state: 'halted', error: 'TRUNCATED: gone' }, 'sales v1 [0] halted: TRUNCATED: gone'],
  [{ state: 'paused', error: 'no database' }, 'sales v1 [0] waits: no database'],
  [{ state: 'idle', owner: null }, 'sales v1 [0] has no owner'],
] as const)('%j is told', (task, problem) => {
  expect(healthOf({ isLive: true, statuses: [projection(task)], dependencies: [] })).toEqual({
    isLive: true,
    isReady: false,
    problems: [problem],
    dependencies: [],
  });
});

test('without a live instance nothing is well', () => {
  expect(healthOf({ isLive: false, statuses: [projection({})], dependencies: [] })).toEqual({
    isLive: false,
    isReady: false,
    problems: ['no instance runs'],
    dependencies: [],
  });
});

test('a part that is away is named, and where it is Postgres nothing else is known', () => {
  const kafka: DependencyStatus = {
    name: 'kafka',
    isAvailable: false,
    reason: 'no broker answers',
  };
  expect(
    healthOf({ isLive: true, statuses: [projection({})], dependencies: [kafka] }),
  ).toMatchObject({
    isReady: false,
    problems: ['kafka is unavailable: no broker answers'],
  });
  const postgres: DependencyStatus = { name: 'postgres', isAvailable: false, reason: 'refused' };
  expect(healthOf({ isLive: null, statuses: [], dependencies: [postgres] })).toEqual({
    isLive: null,
    isReady: false,
    problems: ['postgres is unavailable: refused'],
    dependencies: [postgres],
  });
});
