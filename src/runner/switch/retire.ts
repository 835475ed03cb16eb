import type { Pool } from 'pg';
import { inTransaction } from '../../postgres/in-transaction.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { RepriseError } from '../../reprise-error.ts';
import { lostToOthers } from '../session/lost-to-others.ts';
import { assertDatabase } from '../store/assert-database.ts';
import { dropVersion } from '../store/create-tables.ts';
import { forgetPrevious, lockProjection, readVersions, tablesOf } from '../store/version-store.ts';

/**
 * Drops a version that is not active: its tables and everything stored about it, including dead
 * letters and late events. Afterwards there is no rollback to it. Also ends a rebuild: a version
 * that is being built may be retired, and its builder is fenced. @throws RETIRE_REFUSED,
 * UNKNOWN_PROJECTION
 */
export async function retire(
  settings: { readonly pool: Pool },
  projection: string,
  version: number,
): Promise<void> {
  await assertDatabase(settings.pool);
  let tables: Plan['tables'] = [];
  await inTransaction(settings.pool, async (client) => {
    const active = await lockProjection(client, projection);
    const versions = await readVersions(client, projection);
    const facts = { projection, version };
    if (versions.length === 0) {
      throw new RepriseError(
        'UNKNOWN_PROJECTION',
        `${projection} has never run on this database; reprise status lists those that have.`,
        { facts },
      );
    }
    const stored = versions.find((each) => each.version === version);
    if (stored === undefined || active === version) {
      const there = versions.map((each) => `${each.version} (${each.state})`).join(', ');
      const why = stored === undefined ? 'there is no such version' : 'it is active';
      throw new RepriseError(
        'RETIRE_REFUSED',
        `${projection} v${version} cannot be retired: ${why}. Versions: ${there}.`,
        { facts },
      );
    }
    tables = tablesOf(stored);
    await dropVersion(client, { projection, version, tables });
    await forgetPrevious(client, { projection, version });
  }).catch(async (error: unknown) => {
    const change = {
      code: 'RETIRE_REFUSED',
      done: 'retired',
      projection,
      version,
      tables,
    } as const;
    throw await lostToOthers(settings.pool, error, change);
  });
}
