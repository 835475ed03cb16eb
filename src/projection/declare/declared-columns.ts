import { kindOf } from '../check/check-function.ts';
import type { StepContext } from '../check/fail-for.ts';
import { snakeCase } from '../plan/snake-case.ts';
import type { ColumnPlan } from '../plan/table-plan.ts';
import type { Column, Columns } from './columns.ts';

/**
 * Converts declared columns to plan data, in the order declared. @throws DEFINITION_INVALID through
 * `fail`
 */
export function declaredColumns(columns: Columns, { step, fail }: StepContext): ColumnPlan[] {
  if (typeof columns !== 'object' || columns === null) {
    fail(step, `its columns are ${kindOf(columns)}; write columns({ … }).`);
  }
  const entries = Object.entries(columns);
  if (entries.length === 0) fail(step, 'declares no column.');
  return entries.map(([name, column]): ColumnPlan => {
    const fault = declarationFault(column);
    if (fault !== null) fail(step, `"${name}" ${fault}`);
    const { type, isNullable, isPrimaryKey, scale, precision, meaning = name } = column;
    return {
      name: snakeCase(name),
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

/**
 * Returns what is wrong with the declaration of a column, as a phrase that follows its name; null
 * if it is valid.
 */
export function declarationFault(
  column: Column<unknown, boolean, boolean> | undefined,
): string | null {
  if (typeof column?.type !== 'string')
    return 'is no column; write text(), timestamp() and the like.';
  const { type, isNullable, isPrimaryKey, precision, scale } = column;
  if (isPrimaryKey && isNullable)
    return 'is part of the primary key and nullable; it can be but one.';
  return type === 'numeric' ? decimalFault(precision, scale) : null;
}

/** Limits of numeric(precision, scale) in Postgres. */
const PRECISION_MAX = 1_000;

function decimalFault(precision: number | undefined, scale: number | undefined): string | null {
  const declared = `is declared as decimal(${precision}, ${scale})`;
  const isWhole = Number.isInteger(precision) && Number.isInteger(scale);
  if (!isWhole || Number(precision) < 1 || Number(scale) < 0) {
    return `${declared}; it takes whole numbers, precision from 1 and scale from 0, such as decimal(18, 2).`;
  }
  if (Number(scale) > Number(precision)) {
    return `${declared}, whose scale is larger than its precision.`;
  }
  return Number(precision) > PRECISION_MAX
    ? `${declared}; Postgres has at most ${PRECISION_MAX} digits.`
    : null;
}
