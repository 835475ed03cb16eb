import type { Knex } from 'knex';
import type { Pool } from 'pg';
import type { Position } from '../log/event-log.ts';
import type {
  DeclaredProjections,
  ProjectionReference,
} from '../projection/plan/declared-projections.ts';
import type { Projection, RowOf } from '../projection/plan/projection.ts';
import type { ReadQuery } from './read-query.ts';
import type { WaitOptions } from './wait-for-position.ts';
import { waitForPosition } from './wait-for-position.ts';

/**
 * A row of the stable view of a projection, by SQL column names; of a projection known only by name
 * or at run time: any columns.
 */
export type ViewRow<P extends Projection> =
  unknown extends RowOf<P> ? Record<string, unknown> : RowOf<P>;

/** Reads read models. */
export interface ReadModels {
  /**
   * Starts a typed query of the projection's stable view, which shows one version: the active one.
   * Column names, and the values they are compared with, are checked against its row. bigint
   * columns are returned as bigint, numeric as bigint or, with fraction digits, Decimal, timestamps
   * as Date, dates as 'YYYY-MM-DD'.
   * @throws UNKNOWN_PROJECTION for a class that the configuration does not declare
   * @example
   * const rows = await app.readModels
   *   .query(UserMetrics)
   *   .where('user_id', 'u1')
   *   .orderBy('window_start', 'desc')
   *   .limit(10);
   */
  query<P extends Projection>(projection: ProjectionReference<P>): ReadQuery<ViewRow<P>>;
  /**
   * Resolves once the active version of the projection has committed the record at `position`: its
   * changes are then visible to every query. Rejects at once if waiting cannot help.
   * @throws TIMEOUT with the projection's position; TASK_HALTED, TASK_PAUSED with the task's own
   * reason; SET_ASIDE for a record that became a dead letter; UNKNOWN_TOPIC for a topic that the
   * projection does not read; UNKNOWN_PROJECTION if it was never run; NOT_MIGRATED
   * @example
   * const position = await app.publisher.publish(UserActed, event);
   * await app.readModels.waitFor(UserMetrics, position, { timeoutMs: 2_000 });
   */
  waitFor<P extends Projection>(
    projection: ProjectionReference<P>,
    position: Position,
    options?: WaitOptions,
  ): Promise<void>;
}

/**
 * Creates read models over `knex` (created by `createKnex`, for its types) and `pool`; closes
 * neither.
 */
export function createReadModels(options: {
  readonly knex: Knex;
  readonly pool: Pool;
  readonly declared: DeclaredProjections;
}): ReadModels {
  const { knex, pool, declared } = options;
  return {
    query<P extends Projection>(projection: ProjectionReference<P>) {
      // A builder of knex has these methods, and types that take any string.
      const view: unknown = knex.withSchema('public').table(declared.nameOf(projection));
      return view as ReadQuery<ViewRow<P>>;
    },
    waitFor: (projection, position, waiting) =>
      waitForPosition(pool, declared.nameOf(projection), position, waiting),
  };
}
