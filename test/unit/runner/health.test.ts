import { expect, test } from 'vitest';
import { healthOf } from '../../../src/runner/status/read-health.ts';
import type {
  PartStatus,
  ProjectionStatus,
  TaskStatus,
} from '../../../src/runner/status/task-status.ts';

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
  expect(healthOf({ isLive: true, statuses, parts: [] })).toEqual({
    isLive: true,
    isReady: true,
    problems: [],
    parts: [],
  });
});

test.each([
  [{ state: 'halted', error: 'TRUNCATED: gone' }, 'sales v1 [0] halted: TRUNCATED: gone'],
  [{ state: 'paused', error: 'no database' }, 'sales v1 [0] waits: no database'],
  [{ state: 'idle', owner: null }, 'sales v1 [0] has no owner'],
] as const)('%j is told', (task, problem) => {
  expect(healthOf({ isLive: true, statuses: [projection(task)], parts: [] })).toEqual({
    isLive: true,
    isReady: false,
    problems: [problem],
    parts: [],
  });
});

test('without a live instance nothing is well', () => {
  expect(healthOf({ isLive: false, statuses: [projection({})], parts: [] })).toEqual({
    isLive: false,
    isReady: false,
    problems: ['no instance runs'],
    parts: [],
  });
});

test('a part that is away is named, and where it is Postgres nothing else is known', () => {
  const kafka: PartStatus = { part: 'kafka', isAway: true, reason: 'no broker answers' };
  expect(healthOf({ isLive: true, statuses: [projection({})], parts: [kafka] })).toMatchObject({
    isReady: false,
    problems: ['kafka is away: no broker answers'],
  });
  const postgres: PartStatus = { part: 'postgres', isAway: true, reason: 'refused' };
  expect(healthOf({ isLive: null, statuses: [], parts: [postgres] })).toEqual({
    isLive: null,
    isReady: false,
    problems: ['postgres is away: refused'],
    parts: [postgres],
  });
});
