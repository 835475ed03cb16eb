import type { ProjectionReference } from '../../projection/plan/declared-projections.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { Reprise } from '../../reprise.ts';

/** A row of a stable view, by SQL column names. */
export type ViewRow = Readonly<Record<string, unknown>>;

/** Returns the columns of the stable view, in table order. */
export function viewColumns(plan: Plan): readonly string[] {
  return plan.table.columns.filter(({ role }) => role !== 'state').map(({ name }) => name);
}

/** Which rows of a stable view to read. */
export interface RowsWanted {
  readonly where?: readonly (readonly [column: string, value: string])[];
  readonly orderBy?: readonly (readonly [column: string, direction: 'asc' | 'desc'])[];
  readonly limit?: number;
}

/** Reads rows of the stable view of a projection whose row type is known only at run time. */
export function queryRows(
  app: Reprise,
  projection: ProjectionReference,
  wanted: RowsWanted,
): Promise<readonly ViewRow[]> {
  let query = app.readModels.query(projection);
  for (const [column, value] of wanted.where ?? []) query = query.where(column, value);
  for (const [column, direction] of wanted.orderBy ?? []) query = query.orderBy(column, direction);
  if (wanted.limit !== undefined) query = query.limit(wanted.limit);
  return Promise.resolve<readonly ViewRow[]>(query);
}
