import type { ClientBase } from 'pg';
import pg from 'pg';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import { keyNames, quoted, quotedList, tableName } from './table-name.ts';

const PARTITION_COMMENT = 'partition of the log whose task owns the row';

/**
 * Creates the table of a version in schema `public`: `_partition` first, then the plan's columns,
 * with comments for people in psql. `now` adds the primary key and the indexes; `later` leaves them
 * to `addConstraints`, after a bulk load.
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
 * Adds the primary key. Postgres picks the constraint's name, since ours might be too long.
 * Statements that name its columns need not know their order.
 */
export function primaryKeySql(plan: TablePlan): string {
  return `alter table ${tableName(plan)} add primary key (${quotedList(primaryKey(plan))})`;
}

/**
 * The columns of the primary key in their order. Behind a view the key columns come first and
 * `_partition`, which the view hides, last: so readers find rows by the key they know on every
 * version of Postgres (ADR 0045). A table of hidden state is read by its task only, a partition at
 * a time: there `_partition` leads.
 */
export function primaryKey(plan: TablePlan): readonly string[] {
  const names = keyNames(plan);
  return plan.view === null ? ['_partition', ...names] : [...names, '_partition'];
}

/** Adds the plan's extra indexes. */
export function indexSql(plan: TablePlan): string[] {
  return plan.indexes.map(
    (columns) => `create index on ${tableName(plan)} (${quotedList(columns)})`,
  );
}

/** Sets the comment of an object given as in `table public."x"`. */
export function commentOn(object: string, comment: string): string {
  return `comment on ${object} is ${pg.escapeLiteral(comment)}`;
}
