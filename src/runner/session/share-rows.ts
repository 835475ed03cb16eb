/** A share of what tasks that are replayed side by side may hold in memory. */
export interface RowShare {
  /** Whether the task must flush before it takes more, having so many rows. */
  isFull(rows: number): boolean;
}

/**
 * Shares the rows that may be in memory between tasks: none has to flush while all together hold
 * fewer than `rowsMax`; beyond that, those flush that hold at least an equal share. So a large one
 * uses what small ones leave.
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
