import { planColumn } from '../plan/plan-column.ts';
import type { ColumnPlan } from '../plan/table-plan.ts';

/** Returns the columns of a match besides the key and the columns of `.row(…)`. */
export function matchColumns(): readonly ColumnPlan[] {
  return [
    planColumn(
      'match_id',
      'text',
      'key',
      'the match: made from its key and the positions of its events',
    ),
    planColumn(
      'matched_at',
      'timestamptz',
      'measure',
      'event time of the last event, or when absence was certain',
    ),
    planColumn(
      'positions',
      'jsonb',
      'measure',
      'where the events of the match lie in the log, by step',
    ),
    planColumn(
      'timed_out',
      'boolean',
      'measure',
      'whether it is a partial match that ran out of time',
    ),
  ];
}
