import { kindOf } from '../check/check-function.ts';
import type { StepContext } from '../check/fail-for.ts';
import { snakeCase } from '../plan/snake-case.ts';
import type { ColumnPlan, ColumnType } from '../plan/table-plan.ts';
import { Reference, tried } from './row-proxy.ts';

const COLUMN: Readonly<Record<string, ColumnType>> = {
  string: 'text',
  uuid: 'text',
  enum: 'text',
  boolean: 'boolean',
  int: 'float8',
  float: 'float8',
  double: 'float8',
  long: 'int8',
  'timestamp-micros': 'int8',
  'timestamp-millis': 'timestamptz',
  date: 'date',
  decimal: 'numeric',
};

/** The function of `.row`: from the match to values by name. */
export type RowFunction = (match: never) => Readonly<Record<string, unknown>>;

/**
 * Infers the columns of a match's row by running its function once on a symbolic proxy of the
 * match. Each value must be a field of one of its events, or the length of a repeated step. @throws
 * DEFINITION_INVALID through `fail` for computed values: their columns must be declared
 */
export function inferredColumns(
  row: RowFunction,
  match: unknown,
  context: StepContext,
): ColumnPlan[] {
  const { step, fail } = context;
  const values = tried(row, match, context);
  if (values === undefined) {
    fail(
      step,
      'its columns cannot be inferred, since it computes with the events or makes nothing. Declare them: .row({ name: text() }, (m) => …).',
    );
  }
  if (typeof values !== 'object' || values === null) {
    fail(step, `makes ${kindOf(values)} instead of { name: value, … }.`);
  }
  const entries = Object.entries(values as object);
  if (entries.length === 0) fail(step, 'declares no column.');
  return entries.map(([name, value]) => inferredColumn(name, value, context));
}

function inferredColumn(name: string, value: unknown, { step, fail }: StepContext): ColumnPlan {
  const shape = { name: snakeCase(name), nullable: true, role: 'measure' } as const;
  if (!(value instanceof Reference)) {
    return fail(
      step,
      `"${name}" is computed, so the type of its column is not known. Declare the columns: .row({ ${name}: double() }, (m) => …).`,
    );
  }
  const { field } = value;
  if (field === 'length') return { ...shape, type: 'int4', comment: 'number of events' };
  const type = COLUMN[field.type.kind];
  if (type === undefined) {
    return fail(
      step,
      `"${name}" is a ${field.type.kind}; declare its column: .row({ ${name}: json() }, (m) => …).`,
    );
  }
  const scale = field.type.kind === 'decimal' ? { scale: field.type.scale } : {};
  return { ...shape, type, comment: `${field.name} of the match`, ...scale };
}

/**
 * Checks that a function returns exactly the declared columns. If it computes, this shows only with
 * the first match. @throws DEFINITION_INVALID through `fail`
 */
export function checkMadeColumns(
  row: RowFunction,
  { columns, match }: { readonly columns: readonly ColumnPlan[]; readonly match: unknown },
  context: StepContext,
): void {
  const { step, fail } = context;
  const values = tried(row, match, context);
  if (values === undefined) return;
  if (typeof values !== 'object' || values === null) {
    fail(step, `makes ${kindOf(values)} instead of { name: value, … }.`);
  }
  const names = columns.map(({ declared }) => declared as string);
  const made = Object.keys(values as object);
  const undeclared = made.find((name) => !names.includes(name));
  if (undeclared !== undefined) {
    fail(
      step,
      `makes "${undeclared}", which is not declared; its columns are ${names.join(', ')}.`,
    );
  }
  const missing = names.find((name) => !made.includes(name));
  if (missing !== undefined) fail(step, `does not make "${missing}", which is declared.`);
}
