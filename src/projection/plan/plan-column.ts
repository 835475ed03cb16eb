import type { ColumnPlan } from './table-plan.ts';

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
