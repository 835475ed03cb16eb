import type { Plan } from '../../projection/plan/plan.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { BatchSize } from './batch-size.ts';
import { RetrySchedule } from './retry-schedule.ts';
import { policyOf, TaskErrorPolicy } from './task-error-policy.ts';

/**
 * Records folded at most between two flushes of whole rows: bounds the transaction, and how much is
 * done again after a crash.
 */
const RECORDS_PER_FLUSH_MAX = 100_000;

/**
 * What a task has learned from its failures. Lives as long as the task is this process's, through
 * all its sessions.
 */
export interface Recovery {
  readonly policy: TaskErrorPolicy;
  readonly batchSize: BatchSize;
  readonly retries: RetrySchedule;
}

/** A fresh one. Partial rows (a rebuild's) are flushed when memory is full, not by records. */
export function createRecovery(
  settings: Pick<RunnerSettings, 'onError'>,
  plan: Pick<Plan, 'onError' | 'rebuild'>,
  when: 'live' | 'rebuild',
): Recovery {
  const isPartial = when === 'rebuild' && plan.rebuild === 'partial';
  const policy = new TaskErrorPolicy(policyOf(plan, settings.onError, when));
  return {
    policy,
    retries: new RetrySchedule(policy),
    batchSize: new BatchSize(isPartial ? Number.POSITIVE_INFINITY : RECORDS_PER_FLUSH_MAX),
  };
}
