import type { Columns } from './columns.ts';
import type { Fail } from './definition-fault.ts';
import { snakeCase } from './snake-case.ts';
import type { ColumnPlan } from './table-plan.ts';

/** Declared columns as plan data, in the order declared. */
export function declaredColumns(columns: Columns, step: string, fail: Fail): ColumnPlan[] {
  const entries = Object.entries(columns);
  if (entries.length === 0) fail(step, 'declares no column.');
  return entries.map(([name, column]): ColumnPlan => {
    const sqlName = snakeCase(name);
    if (sqlName.startsWith('_'))
      fail(step, `the column "${sqlName}" is reserved; choose another name.`);
    if (column?.type === undefined)
      fail(step, `"${name}" is no column; write text(), timestamp() and the like.`);
    const { type, isNullable, isPrimaryKey, scale, precision, meaning = name } = column;
    if (isPrimaryKey && isNullable)
      fail(step, `"${name}" is part of the primary key and nullable.`);
    return {
      name: sqlName,
      type,
      nullable: isNullable,
      role: isPrimaryKey ? 'key' : 'measure',
      declared: name,
      comment: meaning,
      ...(scale === undefined ? {} : { scale }),
      ...(precision === undefined ? {} : { precision }),
    };
  });
}
