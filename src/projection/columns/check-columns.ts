import type { Field } from '../../event/field-type.ts';
import { kindOf } from '../check/check-function.ts';
import type { Fail, StepContext } from '../check/fail-for.ts';
import { columnFault, identifierFault, readModelFault } from '../check/identifier-fault.ts';
import type { KeyPlan } from '../plan/plan.ts';
import type { Projection } from '../plan/projection.ts';
import type { ColumnPlan, ColumnType } from '../plan/table-plan.ts';

const KEY_COLUMN: Readonly<Record<string, ColumnType>> = {
  string: 'text',
  uuid: 'text',
  enum: 'text',
  int: 'int4',
  long: 'int8',
  boolean: 'boolean',
  date: 'date',
};

/** Returns the column type of a key field; undefined if the field cannot be part of a key. */
export function keyColumnType({ kind }: Field['type']): ColumnType | undefined {
  return KEY_COLUMN[kind];
}

/** Postgres stores versions as int4. */
const VERSION_MAX = 2 ** 31 - 1;

/** Checks name and version of a projection. */
export function checkHead(projection: Projection, fail: Fail): void {
  const { name, version } = projection;
  if (!Number.isSafeInteger(version) || version < 1 || version > VERSION_MAX) {
    fail('version', `${String(version)} is not a whole number from 1 to ${VERSION_MAX}.`);
  }
  if (typeof name !== 'string') fail('name', `is ${kindOf(name)}; write readonly name = '…'.`);
  const fault = readModelFault(name, `__v${version}`);
  if (fault !== null) fail('name', `"${name}" ${fault}.`);
}

/**
 * Returns the name of a hidden table of a read model. @throws DEFINITION_INVALID through `fail` if
 * it is too long
 */
export function hiddenTableName(
  { name, version }: { readonly name: string; readonly version: number },
  suffix: '__state' | '__baseline',
  fail: Fail,
): string {
  const hidden = name + suffix;
  const fault = identifierFault(hidden, `__v${version}`);
  if (fault !== null) fail('name', `"${hidden}", its hidden table, ${fault}.`);
  return hidden;
}

/** Returns the column of one field of the key. */
export function keyColumn({ field, column, type }: KeyPlan): ColumnPlan {
  return {
    name: column,
    type: keyColumnType(type) ?? 'text',
    nullable: false,
    role: 'key',
    comment: `key: ${field}`,
  };
}

/** The columns that one step of a definition declares. */
export interface DeclaringStep {
  readonly step: string;
  readonly columns: readonly ColumnPlan[];
  /** The field or name that the columns come from, as the user wrote it. */
  readonly of?: string;
}

/** Returns the steps that declare the key columns. */
export function keySteps(keys: readonly KeyPlan[]): DeclaringStep[] {
  return keys.map((key) => ({ step: '.key(…)', columns: [keyColumn(key)], of: key.field }));
}

/**
 * Checks column names: Postgres identifiers, none twice, none of the columns that every projection
 * of this kind has (`own`). @throws DEFINITION_INVALID through `fail`
 */
export function checkColumns(
  own: readonly ColumnPlan[],
  steps: readonly DeclaringStep[],
  fail: Fail,
): void {
  const taken = new Map<string, string | null>(own.map(({ name }) => [name, null]));
  for (const { step, columns, of } of steps) {
    for (const { name, role, declared = of } of columns) {
      const column = `the column "${name}"${declared === undefined ? '' : ` of "${declared}"`}`;
      const fault = columnFault(name);
      if (fault !== null) fail(step, `${column} ${fault}.`);
      const by = taken.get(name);
      if (by === null || (role !== 'state' && name.startsWith('_'))) {
        fail(step, `${column} is reserved; choose another name.`);
      }
      if (by !== undefined) fail(step, `${column} is there already, from ${by}.`);
      taken.set(name, step);
    }
  }
  const keys = [...own, ...steps.flatMap(({ columns }) => columns)].filter(
    ({ role }) => role === 'key',
  );
  if (keys.length >= INDEX_COLUMNS_MAX) {
    fail(
      steps[0]?.step ?? 'columns',
      `makes a primary key of ${keys.length} columns; Postgres allows ${INDEX_COLUMNS_MAX} with the partition.`,
    );
  }
}

/** Maximum number of columns of a Postgres index. */
const INDEX_COLUMNS_MAX = 32;

/**
 * Checks that indexes name visible columns, none twice. @throws DEFINITION_INVALID through `fail`
 */
export function checkIndexes(
  indexes: readonly (readonly string[])[],
  columns: readonly ColumnPlan[],
  { step, fail }: StepContext,
): readonly (readonly string[])[] {
  const known = new Set(columns.filter(({ role }) => role !== 'state').map(({ name }) => name));
  for (const index of indexes) {
    if (index.length === 0) fail(step, 'names no column.');
    const unknown = index.find((name) => !known.has(name));
    if (unknown !== undefined) {
      fail(step, `there is no column "${unknown}"; there are ${[...known].join(', ')}.`);
    }
    const twice = index.find((name, i) => index.indexOf(name) !== i);
    if (twice !== undefined) fail(step, `names the column "${twice}" twice.`);
    if (index.length > INDEX_COLUMNS_MAX) {
      fail(step, `names ${index.length} columns; Postgres allows ${INDEX_COLUMNS_MAX}.`);
    }
  }
  const texts = indexes.map((index) => index.join(', '));
  const again = texts.find((text, i) => texts.indexOf(text) !== i);
  if (again !== undefined) fail(step, `is declared twice for ${again}.`);
  return indexes;
}
