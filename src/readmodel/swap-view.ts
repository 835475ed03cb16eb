import type { ClientBase } from 'pg';
import { isDependedOn } from '../postgres/classify.ts';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import { RepriseError } from '../reprise-error.ts';
import { commentOn } from './create-table.ts';
import { readView } from './existing-view.ts';
import { quoted, viewName } from './table-name.ts';
import { viewQuery } from './view-query.ts';

/**
 * Points the stable view at a version's table, in the caller's transaction: readers see the old
 * version until it commits and the new one afterwards. Shows key and measure columns; merges rows
 * of several partitions if the plan says so. If the view's column names or types change, it is
 * dropped and created again with its grants.
 * @param isGrown true if topics have added partitions, so that any view that can merge must
 * @throws ACTIVATE_REFUSED if another object has that name, or if other objects depend on a view
 * whose columns change
 */
export async function swapView(
  client: ClientBase,
  plan: TablePlan,
  isGrown = false,
): Promise<void> {
  const view = viewName(plan);
  const shown = plan.columns.filter(({ role }) => role !== 'state');
  const existing = await readView(client, plan);
  const wanted = shown.map(({ name, type }) => ({ name, type: SQL_TYPE[type] ?? type }));
  const same = JSON.stringify(existing?.columns) === JSON.stringify(wanted);
  if (existing !== null && !same) await dropView(client, plan);
  const statements = [
    `create or replace view ${view} as ${viewQuery(plan, isGrown)}`,
    commentOn(`view ${view}`, plan.comment),
    ...shown.map(({ name, comment }) => commentOn(`column ${view}.${quoted(name)}`, comment)),
    ...(existing === null || same ? [] : existing.grants),
  ];
  await client.query(statements.join(';\n'));
}

/** Short type names, and the names that Postgres prints. */
const SQL_TYPE: Readonly<Record<string, string>> = {
  int4: 'integer',
  int8: 'bigint',
  float8: 'double precision',
  timestamptz: 'timestamp with time zone',
};

async function dropView(client: ClientBase, plan: TablePlan): Promise<void> {
  try {
    await client.query(`drop view ${viewName(plan)}`);
  } catch (error) {
    if (!isDependedOn(error)) throw error;
    throw new RepriseError(
      'ACTIVATE_REFUSED',
      `The columns of the view ${plan.name} change with version ${plan.version}, but other objects depend on it: ${String(error.detail)}. Drop them, activate again, and create them anew.`,
      { cause: error, facts: { projection: plan.name, version: plan.version } },
    );
  }
}
