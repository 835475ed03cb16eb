import type { Plan } from '../projection/plan/plan.ts';
import { EventClock } from './batch/event-clock.ts';
import type { KindFold } from './batch/fold-frame.ts';
import { FoldFrame } from './batch/fold-frame.ts';
import { PatternFold } from './pattern/pattern-fold.ts';
import { SessionFold } from './session/session-fold.ts';
import { TableFold } from './table/table-fold.ts';
import type { TaskFold, TaskFoldOptions } from './task/task-fold.ts';
import { WindowedFold } from './windowed/windowed-fold.ts';

/** Creates the fold of one task for a plan. */
export function createTaskFold(plan: Plan, options: TaskFoldOptions): TaskFold {
  const clock = new EventClock(plan, options.clock);
  return new FoldFrame({ plan, options, clock, kind: kindFoldOf(plan, options, clock) });
}

function kindFoldOf(plan: Plan, options: TaskFoldOptions, clock: EventClock): KindFold {
  switch (plan.kind) {
    case 'windowed':
      return new WindowedFold(plan, options, clock);
    case 'pattern':
      return new PatternFold(plan, clock);
    case 'session':
      return new SessionFold(plan, clock);
    case 'table':
      return new TableFold(plan, options);
  }
}
