import pg from 'pg';
import type { TablePlan } from '../projection/plan/table-plan.ts';

/** Returns the name of the table of a read model's version, unquoted: `user_metrics__v3`. */
export function physicalName(plan: Pick<TablePlan, 'name' | 'version'>): string {
  return `${plan.name}__v${plan.version}`;
}

/** Returns the name of the table for SQL: `public."user_metrics__v3"`. */
export function tableName(plan: Pick<TablePlan, 'name' | 'version'>): string {
  return `public.${quoted(physicalName(plan))}`;
}

/** Returns the name of the stable view for SQL: `public."user_metrics"`. */
export function viewName(plan: Pick<TablePlan, 'name'>): string {
  return `public.${quoted(plan.name)}`;
}

/** Quotes an identifier for SQL. */
export function quoted(name: string): string {
  return pg.escapeIdentifier(name);
}

/** Quotes identifiers for SQL, separated by commas. */
export function quotedList(names: readonly string[]): string {
  return names.map(quoted).join(', ');
}

/** Returns the names of the key columns, without `_partition`. */
export function keyNames(plan: TablePlan): string[] {
  return plan.columns.filter(({ role }) => role === 'key').map(({ name }) => name);
}
