import type { Plan } from '../../projection/plan/plan.ts';

/** A range of event times, both ends included. Milliseconds. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}

const EVER: TimeSpan = {
  fromMs: Number.NEGATIVE_INFINITY,
  untilMs: Number.POSITIVE_INFINITY,
};

/**
 * Returns when the events of a row happened, according to its columns. It narrows down which events
 * of a key belong to one of its sessions or matches. A row without such columns: all times.
 * @param row as `to_jsonb` gives it
 */
export function timeSpanOf(plan: Plan, row: Readonly<Record<string, unknown>>): TimeSpan {
  if (plan.kind === 'session' && row['started_at'] !== undefined) {
    return { fromMs: timeOf(row['started_at']), untilMs: timeOf(row['ended_at']) };
  }
  if (plan.kind === 'pattern' && row['matched_at'] !== undefined) {
    const untilMs = timeOf(row['matched_at']);
    return { fromMs: untilMs - (plan.withinMs ?? Number.POSITIVE_INFINITY), untilMs };
  }
  return EVER;
}

function timeOf(json: unknown): number {
  return Date.parse(String(json));
}
