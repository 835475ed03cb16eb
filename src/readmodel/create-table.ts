import type { ClientBase } from 'pg';
import pg from 'pg';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import { keyNames, quoted, quotedList, tableName } from './table-name.ts';

const PARTITION_COMMENT = 'partition of the log whose task owns the row';

/**
 * Creates the table of a version in schema `public`: `_partition` first, then the plan's columns,
 * with comments. `now` adds the primary key and the indexes; `later` leaves them to
 * `addConstraints`, after a bulk load.
 */
export async function createTable(
  client: ClientBase,
  plan: TablePlan,
  options: { readonly constraints: 'now' | 'later' },
): Promise<void> {
  const table = tableName(plan);
  const columns = plan.columns.map(
    ({ name, type, nullable }) => `${quoted(name)} ${type}${nullable ? '' : ' not null'}`,
  );
  const statements = [
    `create table ${table} (_partition int4 not null, ${columns.join(', ')})`,
    commentOn(`table ${table}`, plan.comment),
    commentOn(`column ${table}._partition`, PARTITION_COMMENT),
    ...plan.columns.map(({ name, comment }) =>
      commentOn(`column ${table}.${quoted(name)}`, comment),
    ),
  ];
  if (options.constraints === 'now') statements.push(primaryKeySql(plan), ...indexSql(plan));
  await client.query(statements.join(';\n'));
}

/**
 * Returns the SQL that adds the primary key. Postgres chooses the constraint's name, because ours
 * could be too long. Statements name its columns and do not depend on their order.
 */
export function primaryKeySql(plan: TablePlan): string {
  return `alter table ${tableName(plan)} add primary key (${quotedList(primaryKey(plan))})`;
}

/**
 * Returns the columns of the primary key in their order. Behind a view the key columns come first
 * and `_partition`, which the view hides, last: so readers find rows by key on every version of
 * Postgres (ADR 0045). Only its task reads a table of hidden state, one partition at a time: there
 * `_partition` comes first.
 */
export function primaryKey(plan: TablePlan): readonly string[] {
  const names = keyNames(plan);
  return plan.view === null ? ['_partition', ...names] : [...names, '_partition'];
}

/** Returns the SQL that adds the plan's additional indexes. */
export function indexSql(plan: TablePlan): string[] {
  return plan.indexes.map(
    (columns) => `create index on ${tableName(plan)} (${quotedList(columns)})`,
  );
}

/** Returns the SQL that sets the comment of an object, given as `table public."x"`. */
export function commentOn(object: string, comment: string): string {
  return `comment on ${object} is ${pg.escapeLiteral(comment)}`;
}
