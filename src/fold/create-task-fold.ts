import type { Plan } from '../projection/plan/plan.ts';
import { PatternFold } from './pattern/pattern-fold.ts';
import { SessionFold } from './session/session-fold.ts';
import { TableFold } from './table/table-fold.ts';
import type { TaskFold, TaskFoldOptions } from './task/task-fold.ts';
import { WindowedFold } from './windowed/windowed-fold.ts';

/** Creates the fold of one task for a plan. */
export function createTaskFold(plan: Plan, options: TaskFoldOptions): TaskFold {
  switch (plan.kind) {
    case 'windowed':
      return new WindowedFold(plan, options);
    case 'pattern':
      return new PatternFold(plan, options);
    case 'session':
      return new SessionFold(plan, options);
    case 'table':
      return new TableFold(plan, options);
  }
}
