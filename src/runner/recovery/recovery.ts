import type { Plan } from '../../projection/plan/plan.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { BatchSize } from './batch-size.ts';
import { RetrySchedule } from './retry-schedule.ts';
import { policyOf, TaskErrorPolicy } from './task-error-policy.ts';

/**
 * Limit of records folded between two flushes of whole rows. It bounds the transaction, and the
 * work repeated after a crash.
 */
const RECORDS_PER_FLUSH_MAX = 100_000;

/**
 * What a task has learned from its failures. Lives as long as this process owns the task, through
 * all its sessions.
 */
export interface Recovery {
  readonly policy: TaskErrorPolicy;
  readonly batchSize: BatchSize;
  readonly retries: RetrySchedule;
}

/**
 * Creates an empty recovery. Partial rows (of a rebuild) are flushed when memory is full, not by
 * number of records.
 */
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
