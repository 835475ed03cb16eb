import type { Knex } from 'knex';
import type { Pool } from 'pg';
import type { Position } from '../log/event-log.ts';
import type { Projection, RowOf } from '../projection/plan/projection.ts';
import { RepriseError } from '../reprise-error.ts';
import type { ReadQuery } from './read-query.ts';
import type { WaitOptions } from './wait-for-position.ts';
import { waitForPosition } from './wait-for-position.ts';

/** A projection class; what its constructor asks for does not matter here. */
type ProjectionClass<P extends Projection> = new (...args: never[]) => P;

/**
 * A row of the stable view of a projection, by SQL column names; of a projection known only by name
 * or at run time: any columns.
 */
export type ViewRow<P extends Projection> =
  unknown extends RowOf<P> ? Record<string, unknown> : RowOf<P>;

/**
 * What names a read model: the class that the configuration declares, an instance of it, or its
 * name.
 */
export type ProjectionOf<P extends Projection> = ProjectionClass<P> | P | string;

/** Read models as their readers see them. */
export interface ReadModels {
  /**
   * A query of the projection's stable view, so of one version: the active one. Names of columns
   * and the values they are compared with are checked against its row. bigint columns come as
   * bigint, numeric as bigint or, with fraction digits, Decimal, timestamps as Date, days as
   * 'YYYY-MM-DD'.
   * @throws UNKNOWN_PROJECTION for a class that the configuration does not declare and that cannot
   * be constructed without services
   * @example
   * const rows = await readModels
   *   .query(UserMetrics)
   *   .where('user_id', 'u1')
   *   .orderBy('window_start', 'desc')
   *   .limit(10)
   */
  query<P extends Projection>(projection: ProjectionOf<P>): ReadQuery<ViewRow<P>>;
  /**
   * Resolves once the active version of the projection has folded the record at `position`: what it
   * changed is then visible to every query. Fails at once where waiting cannot help.
   * @throws TIMEOUT saying where the projection stands; TASK_HALTED, TASK_PAUSED with the task's
   * own reason; SET_ASIDE for a record that became a dead letter; UNKNOWN_TOPIC for a topic that
   * the projection does not read; UNKNOWN_PROJECTION when it was never run; NOT_MIGRATED
   */
  waitFor<P extends Projection>(
    projection: ProjectionOf<P>,
    position: Position,
    options?: WaitOptions,
  ): Promise<void>;
}

/**
 * The declared classes, as they were compiled: what a class is called is known without constructing
 * it.
 */
type DeclaredNames = ReadonlyMap<unknown, string>;

/**
 * Read models over `knex` (made by `createKnex`, for its types) and `pool`; closes neither.
 * `names`: of the declared classes; default none.
 */
export function createReadModels(options: {
  readonly knex: Knex;
  readonly pool: Pool;
  readonly names?: DeclaredNames;
}): ReadModels {
  const { knex, pool, names = new Map() } = options;
  const nameOf = (projection: ProjectionOf<Projection>) => nameIn(names, projection);
  return {
    query<P extends Projection>(projection: ProjectionOf<P>) {
      // A builder of knex has these methods, and types that take any string.
      const view: unknown = knex.withSchema('public').table(nameOf(projection));
      return view as ReadQuery<ViewRow<P>>;
    },
    waitFor: (projection, position, waiting) =>
      waitForPosition(pool, nameOf(projection), position, waiting),
  };
}

/**
 * The name of a class that is not declared is a field of its instances; one is made only to read
 * it. @throws UNKNOWN_PROJECTION
 */
function nameIn(names: DeclaredNames, projection: ProjectionOf<Projection>): string {
  if (typeof projection === 'string') return projection;
  if (typeof projection === 'object') return projection.name;
  const declared = names.get(projection);
  if (declared !== undefined) return declared;
  try {
    return new (projection as new () => Projection)().name;
  } catch (error) {
    throw new RepriseError(
      'UNKNOWN_PROJECTION',
      `${projection.name} is not among the "projections" of the configuration, and constructing it without services failed: ${(error as Error).message}. Declare it there, or name the read model by its text, as in query('user_metrics').`,
      { cause: error },
    );
  }
}

/** Named by public signatures. */
export type { ProjectionClass as ClassOf };
