import type { Field } from '../event/field-type.ts';
import type { Fail } from './definition-fault.ts';
import { identifierFault } from './names.ts';
import type { KeyPlan } from './plan.ts';
import type { Projection } from './projection.ts';
import type { ColumnPlan, ColumnType } from './table-plan.ts';

const KEY_COLUMN: Readonly<Record<string, ColumnType>> = {
  string: 'text',
  uuid: 'text',
  enum: 'text',
  int: 'int4',
  long: 'int8',
  boolean: 'boolean',
  date: 'date',
};

/** The column type of a key field; undefined: it cannot be part of a key. */
export function keyColumnType({ kind }: Field['type']): ColumnType | undefined {
  return KEY_COLUMN[kind];
}

/** Name and version of a projection. */
export function checkHead({ name, version }: Projection, fail: Fail): void {
  if (!Number.isSafeInteger(version) || version < 1) {
    fail('version', `${String(version)} is not a whole number from 1.`);
  }
  const fault = identifierFault(String(name), `__v${version}`);
  if (fault !== null) fail('name', `"${name}" ${fault}.`);
}

/** The column of a part of the key. */
export function keyColumn({ field, column, type }: KeyPlan): ColumnPlan {
  return {
    name: column,
    type: keyColumnType(type) ?? 'text',
    nullable: false,
    role: 'key',
    comment: `key: ${field}`,
  };
}

/** Names must be Postgres identifiers, each used once. */
export function checkColumns(columns: readonly ColumnPlan[], fail: Fail): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    const fault = identifierFault(name);
    if (fault !== null) fail('columns', `"${name}" ${fault}.`);
    if (seen.has(name)) fail('columns', `two of them are named "${name}".`);
    seen.add(name);
  }
}

/** Indexes must name shown columns. */
export function checkIndexes(
  indexes: readonly (readonly string[])[],
  columns: readonly ColumnPlan[],
  fail: Fail,
): readonly (readonly string[])[] {
  const known = new Set(columns.filter(({ role }) => role !== 'state').map(({ name }) => name));
  for (const index of indexes) {
    if (index.length === 0) fail('.index()', 'names no column.');
    for (const name of index) {
      if (!known.has(name))
        fail('.index(…)', `there is no column "${name}"; there are ${[...known].join(', ')}.`);
    }
  }
  return indexes;
}
