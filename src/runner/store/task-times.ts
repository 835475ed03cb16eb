import type { TaskFold } from '../../fold/task/task-fold.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { TaskTimes } from './checkpoint-store.ts';

/**
 * Returns the event time of a task for a flush. `isSilent`: the log was read to its end, and no
 * event will arrive.
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
 * Returns how far event time advances after the latest event, in milliseconds, in a partition that
 * was quiet for `quietMs`: that long, or, while events may still be published, only up to those
 * already published; that may be before the latest event. Null: it does not advance.
 */
export function passedInSilence(
  fold: Pick<TaskFold, 'maxEventTimeMs' | 'watermarkMs' | 'publishedLagMs'>,
  silence: { readonly quietMs: number; readonly upToMs: number; readonly latenessMs: number },
): number | null {
  const { quietMs, upToMs, latenessMs } = silence;
  if (upToMs === Number.POSITIVE_INFINITY) return quietMs;
  const { maxEventTimeMs, watermarkMs, publishedLagMs } = fold;
  // Nothing was read here since the task was opened, so the lag of event times behind the relays'
  // watermarks is unknown.
  if (maxEventTimeMs === null || publishedLagMs === null) return null;
  const passedMs = Math.min(quietMs, upToMs - publishedLagMs - maxEventTimeMs);
  const reachedMs = maxEventTimeMs + passedMs - latenessMs;
  return reachedMs > (watermarkMs ?? Number.NEGATIVE_INFINITY) ? passedMs : null;
}
