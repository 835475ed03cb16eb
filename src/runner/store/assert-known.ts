import type { Pool } from 'pg';
import type { Plan } from '../../projection/plan/plan.ts';
import { RepriseError } from '../../reprise-error.ts';
import { assertDatabase } from './assert-database.ts';

/**
 * Checks that a projection is declared here or was once run on this database. @throws
 * UNKNOWN_PROJECTION naming the known ones, NOT_MIGRATED
 */
export async function assertKnown(
  pool: Pool,
  plans: readonly Pick<Plan, 'name'>[],
  name: string,
): Promise<void> {
  await assertDatabase(pool);
  const { rows } = await pool.query<{ projection: string }>(
    'select projection from reprise.projections',
  );
  const known = new Set([
    ...plans.map((plan) => plan.name),
    ...rows.map(({ projection }) => projection),
  ]);
  if (known.has(name)) return;
  throw new RepriseError(
    'UNKNOWN_PROJECTION',
    `There is no projection named ${name}, neither in the configuration nor on this database; there are: ${[...known].sort().join(', ') || 'none'}.`,
    { facts: { projection: name } },
  );
}
