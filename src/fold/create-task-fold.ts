import type { WindowedPlan } from '../projection/plan.ts';
import type { TaskFold, TaskFoldOptions } from './task-fold.ts';
import { WindowedFold } from './windowed-fold.ts';

/** Makes the fold of one task for a plan. */
export function createTaskFold(plan: WindowedPlan, options: TaskFoldOptions): TaskFold {
  return new WindowedFold(plan, options);
}
