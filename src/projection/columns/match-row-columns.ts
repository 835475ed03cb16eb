import { checkFunction } from '../check/check-function.ts';
import type { Fail } from '../check/fail-for.ts';
import { declaredColumns } from '../declare/declared-columns.ts';
import { checkMadeColumns, inferredColumns } from '../declare/inferred-columns.ts';
import type { PatternDeclaration } from '../declare/pattern-projection.ts';
import type { DeclaringStep } from './check-columns.ts';

const step = '.row(…)';

/**
 * Returns the columns of a match that `.row(…)` declares; infers them if it has only a function.
 * `match`: a symbolic proxy of a match. @throws DEFINITION_INVALID through `fail`
 */
export function matchRowColumns(
  { columns, row }: PatternDeclaration,
  match: unknown,
  fail: Fail,
): DeclaringStep {
  if (row === null) return { step, columns: [] };
  const context = { step, fail };
  checkFunction(row, 'what makes the row', context);
  if (columns === null) return { step, columns: inferredColumns(row, match, context) };
  const declared = declaredColumns(columns, context);
  const key = declared.find(({ role }) => role === 'key');
  if (key !== undefined) {
    fail(step, `"${key.declared}" is marked .primaryKey(); the key of a match is match_id.`);
  }
  checkMadeColumns(row, { columns: declared, match }, context);
  return { step, columns: declared.map((column) => ({ ...column, nullable: true })) };
}
