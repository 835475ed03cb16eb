import type { Knex } from 'knex';
import type { Pool } from 'pg';
import type { Position } from '../log/event-log.ts';
import type {
  DeclaredProjections,
  ProjectionReference,
} from '../projection/plan/declared-projections.ts';
import type { Projection, RowOf } from '../projection/plan/projection.ts';
import type { WaitOptions } from './wait-for-position.ts';
import { waitForPosition } from './wait-for-position.ts';

/** A row of the stable view of a projection, by SQL column names. */
export type ViewRow<P extends Projection> = RowOf<P> extends object ? RowOf<P> : never;

/** Read models as their readers see them. */
export interface ReadModels {
  /**
   * A typed knex query of the projection's stable view, so of one version: the active one. bigint
   * columns come as bigint, numeric as bigint or, with fraction digits, Decimal, timestamps as
   * Date, days as 'YYYY-MM-DD'.
   * @throws UNKNOWN_PROJECTION for a class that the configuration does not declare
   * @example
   * const rows = await readModels
   *   .query(UserMetrics)
   *   .where('user_id', 'u1')
   *   .orderBy('window_start', 'desc')
   *   .limit(10)
   */
  query<P extends Projection>(
    projection: ProjectionReference<P>,
  ): Knex.QueryBuilder<ViewRow<P>, ViewRow<P>[]>;
  /**
   * Resolves once the active version of the projection has folded the record at `position`: what it
   * changed is then visible to every query. Fails at once where waiting cannot help.
   * @throws TIMEOUT saying where the projection stands; TASK_HALTED, TASK_PAUSED with the task's
   * own reason; SET_ASIDE for a record that became a dead letter; UNKNOWN_TOPIC for a topic that
   * the projection does not read; UNKNOWN_PROJECTION when it was never run; NOT_MIGRATED
   */
  waitFor<P extends Projection>(
    projection: ProjectionReference<P>,
    position: Position,
    options?: WaitOptions,
  ): Promise<void>;
}

/**
 * Read models over `knex` (made by `createKnex`, for its types) and `pool`; closes neither. */
export function createReadModels(options: {
  readonly knex: Knex;
  readonly pool: Pool;
  readonly declared: DeclaredProjections;
}): ReadModels {
  const { knex, pool, declared } = options;
  return {
    query<P extends Projection>(projection: ProjectionReference<P>) {
      const view = knex.withSchema('public').table<ViewRow<P>>(declared.nameOf(projection));
      return view as unknown as Knex.QueryBuilder<ViewRow<P>, ViewRow<P>[]>;
    },
    waitFor: (projection, position, waiting) =>
      waitForPosition(pool, declared.nameOf(projection), position, waiting),
  };
}
