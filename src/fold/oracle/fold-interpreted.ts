import type { Plan } from '../../projection/plan/plan.ts';
import { foldPatternsInterpreted } from './fold-patterns-interpreted.ts';
import { foldSessionsInterpreted } from './fold-sessions-interpreted.ts';
import { foldTablesInterpreted } from './fold-tables-interpreted.ts';
import { foldWindowsInterpreted } from './fold-windows-interpreted.ts';
import type { FoldedRecord, FoldedTick, InterpretedRow } from './folded-record.ts';

/**
 * What a projection means, as plainly as it can be said: record by record, whole events kept in
 * lists, aggregates computed at the end. Slow; it is what the fast fold is checked against, and
 * shares nothing with it but the plan (and the calendar).
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
