import type { TaskFold } from '../../fold/task/task-fold.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { TaskTimes } from './checkpoint-store.ts';

/**
 * How far event time has come in a task, as its flush says it. `isSilent`: the log was found to
 * hold no more, and nothing more is to come.
 */
export function taskTimes(fold: TaskFold, plan: Plan, isSilent: boolean): TaskTimes {
  const { watermarkMs } = fold;
  if (plan.emissions.length === 0) return { watermarkMs, publishesFromMs: null };
  const publishesNothing = isSilent && !fold.awaitsTime;
  return {
    watermarkMs,
    publishesFromMs: publishesNothing ? Number.POSITIVE_INFINITY : watermarkMs,
  };
}

/**
 * How far event time goes on in a partition that has been quiet for so long, counted from the
 * latest event: as long as that, or, while something is still to come, no further than to what is
 * already there; that may lie before the latest event. Null: it stays where it is.
 */
export function passedInSilence(
  fold: Pick<TaskFold, 'maxEventTimeMs' | 'watermarkMs' | 'publishedLagMs'>,
  silence: { readonly quietMs: number; readonly upToMs: number; readonly latenessMs: number },
): number | null {
  const { quietMs, upToMs, latenessMs } = silence;
  if (upToMs === Number.POSITIVE_INFINITY) return quietMs;
  const { maxEventTimeMs, watermarkMs, publishedLagMs } = fold;
  // Nothing was read here since the task was opened: how far event times lie before what relays say
  // is not known.
  if (maxEventTimeMs === null || publishedLagMs === null) return null;
  const passedMs = Math.min(quietMs, upToMs - publishedLagMs - maxEventTimeMs);
  const reachedMs = maxEventTimeMs + passedMs - latenessMs;
  return reachedMs > (watermarkMs ?? Number.NEGATIVE_INFINITY) ? passedMs : null;
}
