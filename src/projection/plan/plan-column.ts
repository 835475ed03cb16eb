import type { ColumnPlan } from './table-plan.ts';

/** A column that is never null; `comment` is what it means, as the database tells it. */
export function planColumn(
  name: string,
  type: ColumnPlan['type'],
  role: ColumnPlan['role'],
  comment: string,
): ColumnPlan {
  return { name, type, nullable: false, role, comment };
}

/** Where a row that came to be closed was corrected later. */
export function revisedColumn(what: 'window' | 'session'): ColumnPlan {
  return {
    name: 'revised_at_offset',
    type: 'int8',
    nullable: true,
    role: 'measure',
    comment: `offset of the last event that arrived after the ${what} was closed; null: none did`,
  };
}
