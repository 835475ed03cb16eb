import type { Plan } from '../../projection/plan/plan.ts';
import { foldPatternsInterpreted } from './fold-patterns-interpreted.ts';
import { foldSessionsInterpreted } from './fold-sessions-interpreted.ts';
import { foldTablesInterpreted } from './fold-tables-interpreted.ts';
import { foldWindowsInterpreted } from './fold-windows-interpreted.ts';
import type { FoldedRecord, FoldedTick, InterpretedRow } from './folded-record.ts';

/**
 * Folds a projection as simply as possible: record by record, whole events kept in lists,
 * aggregates computed at the end. Slow. The fast fold is compared with it, and shares only the plan
 * (and the calendar) with it.
 * @param items of any number of partitions, those of one partition in log order
 * @returns rows by partition, key and window
 */
export function foldInterpreted(
  plan: Plan,
  items: Iterable<FoldedRecord | FoldedTick>,
): readonly InterpretedRow[] {
  switch (plan.kind) {
    case 'windowed':
      return foldWindowsInterpreted(plan, items).rows;
    case 'session':
      return foldSessionsInterpreted(plan, items);
    case 'table':
      return foldTablesInterpreted(plan, items);
    case 'pattern':
      return foldPatternsInterpreted(plan, items);
  }
}
