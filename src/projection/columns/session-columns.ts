import { planColumn } from '../plan/plan-column.ts';
import type { ColumnPlan } from '../plan/table-plan.ts';

/** Returns the columns of a session besides key and measures. */
export function sessionColumns(): readonly ColumnPlan[] {
  return [
    planColumn('session_id', 'text', 'key', 'the session: made from its key and first event'),
    planColumn('started_at', 'timestamptz', 'measure', 'first event'),
    planColumn('ended_at', 'timestamptz', 'measure', 'last event'),
    planColumn('duration_ms', 'int8', 'measure', 'milliseconds from first to last event'),
    planColumn('closed', 'boolean', 'measure', 'whether no further event can join, lateness aside'),
  ];
}

/** Returns the hidden columns that a session needs to resume after a restart. */
export function sessionStateColumns(): readonly ColumnPlan[] {
  return [
    planColumn('_until', 'timestamptz', 'state', 'an event up to here would join the session'),
    planColumn('_first', 'text', 'state', 'topic and offset of the first event, JSON'),
  ];
}
