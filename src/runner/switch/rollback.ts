import type { Pool } from 'pg';
import { inTransaction } from '../../postgres/in-transaction.ts';
import { RepriseError } from '../../reprise-error.ts';
import { partitionsLeftAlone } from '../ownership/partitions-left-alone.ts';
import { lostToOthers } from '../session/lost-to-others.ts';
import { assertDatabase } from '../store/assert-database.ts';
import {
  lockProjection,
  readActive,
  readPrevious,
  readVersion,
  readVersions,
  storedTopicsOf,
  tablesOf,
} from '../store/version-store.ts';
import type { ActivateOptions, ActivateReport } from './activate-report.ts';
import type { Behind, SwitchTarget } from './switch-version.ts';
import { switchVersion } from './switch-version.ts';

/**
 * How long the active version's tasks are locked while the previous version catches up.
 * Milliseconds.
 */
const WAIT_MS = 5_000;

/**
 * Puts the previously active version back behind the stable view: the reverse of `activate`, in one
 * transaction, without its code. That version must be up to date, as it is while instances of the
 * old code still run. Alerts are not repeated, and none is lost: what only the previous version
 * emits from here on is published. Another `rollback` switches forward again.
 * @throws ROLLBACK_REFUSED when there is no previous version (retired, or never switched), or it is
 * behind
 */
export async function rollback(
  settings: { readonly pool: Pool },
  projection: string,
  { requireRunner = false }: ActivateOptions = {},
): Promise<ActivateReport> {
  await assertDatabase(settings.pool);
  if (requireRunner) await assertRun(settings.pool, projection);
  let tables: SwitchTarget['tables'] = [];
  return inTransaction(settings.pool, async (client) => {
    const active = await lockProjection(client, projection);
    const previous = await readPrevious(client, projection);
    const stored = await readVersion(client, projection, previous);
    if (active === null && (await readVersions(client, projection)).length === 0) {
      throw refused(
        projection,
        `${projection} has never run on this database; reprise status lists those that have.`,
      );
    }
    if (stored === undefined || active === null) {
      throw refused(
        projection,
        'no version was active before, or it has been retired. To build one, deploy its code and run reprise rebuild.',
      );
    }
    tables = tablesOf(stored);
    const to = {
      name: projection,
      version: stored.version,
      tables,
      topics: storedTopicsOf(stored),
    };
    const behind = await switchVersion(client, { to, from: active, waitMs: WAIT_MS });
    if (behind.length > 0) throw refused(projection, tellBehind(stored.version, behind));
    return { name: projection, version: stored.version, previousVersion: active };
  }).catch(async (error: unknown) => {
    const change = { code: 'ROLLBACK_REFUSED', done: 'rolled back', projection } as const;
    throw await lostToOthers(settings.pool, error, { ...change, version: null, tables });
  });
}

/**
 * Checks that an instance runs the previous version, because otherwise the view would not be
 * updated.
 */
async function assertRun(pool: Pool, projection: string): Promise<void> {
  const from = await readActive(pool, projection);
  const to = await inTransaction(pool, (client) => readPrevious(client, projection));
  if (from === null || to === null) return;
  const alone = await partitionsLeftAlone(pool, { projection, from, to }, { patient: true });
  if (alone.length === 0) return;
  throw refused(
    projection,
    `instances run version ${from} and none runs version ${to} on partition ${alone.join(', ')}, so the view would not be updated. ` +
      'Start an instance of the old code first (reprise run). Or switch anyway, with --force.',
  );
}

function tellBehind(version: number, behind: readonly Behind[]): string {
  const records = behind.reduce((sum, { offset, untilOffset }) => sum + untilOffset - offset, 0n);
  const [first] = behind as [Behind];
  return (
    `version ${version} is ${records} records behind (first at ${first.topic}[${first.partition}]@${first.offset}). ` +
    `Start an instance of its code (reprise run): it catches up, and this command works; or run reprise activate from that code.`
  );
}

function refused(projection: string, why: string): RepriseError {
  return new RepriseError(
    'ROLLBACK_REFUSED',
    `${projection} cannot be rolled back: ${why} The live version stays in place.`,
    { facts: { projection } },
  );
}
