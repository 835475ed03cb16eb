import { inTransaction } from '../../postgres/in-transaction.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { createTables, swapViews } from '../store/create-tables.ts';
import type { VersionState } from '../store/version-state.ts';
import {
  assertSameShape,
  insertVersion,
  lockProjection,
  readVersions,
  setActiveVersion,
} from '../store/version-store.ts';

/**
 * Ensures that the declared version of a projection exists in Postgres, in one transaction. A
 * projection that was never stored gets its table and view and is active at once. A new version of
 * a known projection is left to `rebuild`.
 * @returns the version's state; null: it is not built yet. @throws VERSION_NOT_RAISED
 */
export async function ensureVersion(
  settings: Pick<RunnerSettings, 'pool'>,
  plan: Plan,
): Promise<VersionState | null> {
  return inTransaction(settings.pool, async (client) => {
    const active = await lockProjection(client, plan.name);
    const versions = await readVersions(client, plan.name);
    const stored = versions.find(({ version }) => version === plan.version);
    if (stored !== undefined) {
      assertSameShape(plan, stored);
      return stored.state;
    }
    if (active !== null || versions.length > 0) return null;
    await createTables(client, plan, 'now');
    await swapViews(client, plan);
    await insertVersion(client, plan, 'active');
    await setActiveVersion(client, {
      projection: plan.name,
      version: plan.version,
      previous: null,
    });
    return 'active';
  });
}
