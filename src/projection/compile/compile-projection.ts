import { definitionOf, failFor } from '../check/fail-for.ts';
import { checkHead } from '../columns/check-columns.ts';
import type { AnyPatternDefinition } from '../declare/pattern-projection.ts';
import type { SessionDefinition } from '../declare/session-projection.ts';
import type { AnyTableDefinition } from '../declare/table-projection.ts';
import type { WindowedDefinition } from '../declare/windowed-projection.ts';
import type { Plan } from '../plan/plan.ts';
import type { Projection } from '../plan/projection.ts';
import { compilePattern } from './compile-pattern.ts';
import { compileSession } from './compile-session.ts';
import { compileTable } from './compile-table.ts';
import { compileWindowed } from './compile-windowed.ts';

/**
 * Compiles a projection into its plan. Reports every mistake that can be found without data.
 * @throws DEFINITION_INVALID naming class, step and field
 * @example
 * compileProjection(new UserMetrics()).name; // 'user_metrics'
 */
export function compileProjection(projection: Projection): Plan {
  const fail = failFor(projection);
  checkHead(projection, fail);
  const definition = definitionOf(projection);
  switch (definition?.kind) {
    case 'windowed':
      return compileWindowed(projection, definition as WindowedDefinition<unknown>, fail);
    case 'pattern':
      return compilePattern(projection, definition as AnyPatternDefinition, fail);
    case 'table':
      return compileTable(projection, definition as AnyTableDefinition, fail);
    case 'session':
      return compileSession(projection, definition as SessionDefinition<unknown>, fail);
    default:
      return fail(
        'define()',
        'must return what the last step of the definition gives, such as .measure({ … }).',
      );
  }
}

/**
 * Compiles the projections of one application. Names of read models must be unique, including those
 * of further tables: `accounts` with a table `users` has the read model `accounts_users`.
 * @throws DEFINITION_INVALID naming both classes
 */
export function compileProjections(projections: readonly Projection[]): readonly Plan[] {
  const owners = new Map<string, string>();
  return projections.map((projection) => {
    const plan = compileProjection(projection);
    for (const { name } of plan.tables) {
      const owner = owners.get(name);
      if (owner !== undefined) {
        failFor(projection)('name', `its table "${name}" is that of ${owner} too; rename one.`);
      }
      owners.set(name, projection.constructor.name);
    }
    return plan;
  });
}
