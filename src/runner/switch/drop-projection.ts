import type { ClientBase, Pool } from 'pg';
import { isDependedOn } from '../../postgres/classify.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import { viewName } from '../../readmodel/table-name.ts';
import { RepriseError } from '../../reprise-error.ts';
import { assertDatabase } from '../store/assert-database.ts';
import { dropVersion } from '../store/create-tables.ts';
import { liveInstances } from '../store/instance-store.ts';
import type { StoredVersion } from '../store/version-store.ts';
import {
  deleteProjection,
  lockProjection,
  readVersions,
  tablesOf,
} from '../store/version-store.ts';

/**
 * Drops a projection: its views, the tables of all its versions and everything stored about it, in
 * one transaction. The log keeps its events. @returns the versions it had. @throws DROP_REFUSED,
 * UNKNOWN_PROJECTION
 */
export async function dropProjection(
  settings: { readonly pool: Pool },
  projection: string,
  { isDeclared }: { readonly isDeclared: boolean },
): Promise<readonly number[]> {
  await assertDatabase(settings.pool);
  return inTransaction(settings.pool, async (client) => {
    await lockProjection(client, projection);
    const versions = await readVersions(client, projection);
    if (versions.length === 0) throw unknown(projection);
    if (isDeclared) {
      throw refused(
        projection,
        'the configuration declares it, and the next start would build it again from the start of the log. Remove its class from "projections" first, or give --force to build it again.',
      );
    }
    await assertIdle(client, projection);
    for (const stored of versions) await dropViews(client, projection, stored);
    for (const stored of versions) {
      await dropVersion(client, { projection, ...stored, tables: tablesOf(stored) });
    }
    await deleteProjection(client, projection);
    return versions.map(({ version }) => version);
  });
}

async function assertIdle(client: ClientBase, projection: string): Promise<void> {
  const running = (await liveInstances(client)).filter(({ runs }) =>
    runs.some((run) => run.projection === projection),
  );
  if (running.length === 0) return;
  const names = running.map(({ instance }) => instance);
  throw refused(
    projection,
    `${names.join(', ')} runs it. End it first: reprise stop ${names[0] ?? ''}`,
  );
}

/** Drops the views of the active version, and views of older versions that the active one lacks. */
async function dropViews(
  client: ClientBase,
  projection: string,
  stored: StoredVersion,
): Promise<void> {
  for (const table of tablesOf(stored)) {
    if (table.view === null) continue;
    try {
      await client.query(`drop view if exists ${viewName(table)}`);
    } catch (error) {
      if (!isDependedOn(error)) throw error;
      throw refused(
        projection,
        `other objects depend on the view ${table.name}: ${String(error.detail)}. Drop them first.`,
        error,
      );
    }
  }
}

function unknown(projection: string): RepriseError {
  return new RepriseError(
    'UNKNOWN_PROJECTION',
    `${projection} has never run on this database; reprise status lists those that have.`,
    { facts: { projection } },
  );
}

function refused(projection: string, why: string, cause?: unknown): RepriseError {
  return new RepriseError('DROP_REFUSED', `${projection} cannot be dropped: ${why}`, {
    facts: { projection },
    ...(cause === undefined ? {} : { cause }),
  });
}
