/** A share of the rows that concurrently replayed tasks may hold in memory. */
export interface RowShare {
  /** Whether a task with this many rows must flush before it folds more. */
  isFull(rows: number): boolean;
}

/**
 * Shares a limit of rows in memory among tasks. No task has to flush while all together hold fewer
 * than `rowsMax` rows. Beyond that, tasks with at least an equal share flush. So a large task uses
 * what small ones leave.
 */
export function shareRows(rowsMax: number, tasks: number): readonly RowShare[] {
  const held = new Float64Array(tasks);
  const fair = rowsMax / tasks;
  return Array.from({ length: tasks }, (_, task) => ({
    isFull(rows) {
      held[task] = rows;
      return rows >= fair && held.reduce((sum, each) => sum + each, 0) >= rowsMax;
    },
  }));
}
