import { planColumn } from '../plan/plan-column.ts';
import type { ColumnPlan } from '../plan/table-plan.ts';
import type { WindowPlan } from '../plan/window-plan.ts';

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
