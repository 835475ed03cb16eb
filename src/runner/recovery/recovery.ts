import type { Plan } from '../../projection/plan/plan.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { Judge, policyOf } from './judge.ts';
import { RetrySchedule } from './retry-schedule.ts';
import { Stride } from './stride.ts';

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
  readonly judge: Judge;
  readonly stride: Stride;
  readonly retries: RetrySchedule;
}

/** A fresh one. Partial rows (a rebuild's) are flushed when memory is full, not by records. */
export function createRecovery(
  settings: Pick<RunnerSettings, 'onError'>,
  plan: Pick<Plan, 'onError' | 'rebuild'>,
  when: 'live' | 'rebuild',
): Recovery {
  const isPartial = when === 'rebuild' && plan.rebuild === 'partial';
  const judge = new Judge(policyOf(plan, settings.onError, when));
  return {
    judge,
    retries: new RetrySchedule(judge),
    stride: new Stride(isPartial ? Number.POSITIVE_INFINITY : RECORDS_PER_FLUSH_MAX),
  };
}
