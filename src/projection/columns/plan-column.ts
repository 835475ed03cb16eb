import type { ColumnPlan } from '../plan/table-plan.ts';
import type { WindowPlan } from '../plan/window-plan.ts';

/** Creates a column that is never null. `comment`: its meaning, as its comment in Postgres. */
export function planColumn(
  name: string,
  type: ColumnPlan['type'],
  role: ColumnPlan['role'],
  comment: string,
): ColumnPlan {
  return { name, type, nullable: false, role, comment };
}

/** Returns the column that tells where a closed row was corrected. */
export function revisedColumn(what: 'window' | 'session'): ColumnPlan {
  return {
    name: 'revised_at_offset',
    type: 'int8',
    nullable: true,
    role: 'measure',
    comment: `offset of the last event that arrived after the ${what} was closed; null: none did`,
  };
}

/**
 * Returns the columns of a window's bounds. Custom windows may start at the same time, so their end
 * is part of the key.
 */
export function windowColumns({ kind }: WindowPlan): readonly ColumnPlan[] {
  const end = kind === 'custom' ? 'key' : 'measure';
  return [
    planColumn('window_start', 'timestamptz', 'key', 'first instant of the window'),
    planColumn('window_end', 'timestamptz', end, 'first instant after the window'),
  ];
}

/** Returns the hidden column of projections that show rows only once their window is closed. */
export function closedColumn(): ColumnPlan {
  return planColumn('_closed', 'boolean', 'state', 'the window is closed, and the row is shown');
}

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
