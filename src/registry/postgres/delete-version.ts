import type { Pool, PoolClient } from 'pg';
import { REGISTRY_ERRORS, registryRefusal, unknownSubject } from '../registry-refusal.ts';
import { exclusively } from './exclusively.ts';
import { LEVELS, MODES, requireWritable } from './level-of.ts';
import { readReferrers, readVersion } from './read-version.ts';
import { type VersionRow, versionRows } from './version-rows.ts';

/**
 * Deletes all versions of a subject: soft first; permanently (`permanent`) only if they are
 * soft-deleted. 1 check the mode, 2 read the versions, 3 refuse if others refer to them, 4 delete
 * them and the subject's level and mode.
 * @returns the version numbers
 */
export function deleteSubject(
  pool: Pool,
  subject: string,
  permanent: boolean,
): Promise<readonly number[]> {
  return exclusively(pool, async (client) => {
    const all = await versionRows(client, subject, 'all');
    if (all.length === 0) throw unknownSubject(subject);
    const live = all.filter(({ deleted }) => !deleted);
    if (!permanent && live.length === 0) throw softDeleted(subject, null);
    await requireWritable(client, subject); // 1
    const removed = permanent ? all : live; // 2
    for (const row of removed) await requireUnreferenced(client, row, permanent); // 3
    if (permanent && live.length > 0) throw notSoftDeleted(subject, null);
    for (const row of removed) await remove(client, row, permanent); // 4
    await deleteSettings(client, subject);
    return removed.map(({ version }) => version);
  });
}

/** Deletes one version in the same steps. @returns its number */
export function deleteVersion(
  pool: Pool,
  subject: string,
  wanted: number | 'latest',
  permanent: boolean,
): Promise<number> {
  return exclusively(pool, async (client) => {
    const found = await readVersion(client, subject, wanted, 'all');
    const { version, deleted } = found;
    if (!permanent && deleted) throw softDeleted(subject, version);
    await requireWritable(client, subject);
    await requireUnreferenced(client, found, permanent);
    if (permanent && !deleted) throw notSoftDeleted(subject, version);
    await remove(client, found, permanent);
    if ((await versionRows(client, subject, 'live')).length === 0) {
      await deleteSettings(client, subject);
    }
    return version;
  });
}

type RemovedVersion = Pick<VersionRow, 'subject' | 'version' | 'id'>;

/**
 * Deletes a version. The rows of schemas stay: logs contain their ids, and a schema that is
 * registered again gets its old id back.
 */
async function remove(
  client: PoolClient,
  { subject, version }: RemovedVersion,
  permanent: boolean,
) {
  await client.query(
    permanent
      ? 'delete from reprise.registry_versions where subject = $1 and version = $2'
      : 'update reprise.registry_versions set deleted_at = now() where subject = $1 and version = $2',
    [subject, version],
  );
}

async function deleteSettings(client: PoolClient, subject: string): Promise<void> {
  await LEVELS.write(client, subject, null);
  await MODES.write(client, subject, null);
}

/**
 * Refuses to delete a version that others refer to. A soft-deleted referrer can still be read, so
 * it also prevents a permanent deletion.
 */
async function requireUnreferenced(
  client: PoolClient,
  removed: RemovedVersion,
  permanent: boolean,
): Promise<void> {
  const referrers = await readReferrers(client, removed, permanent ? 'all' : 'live');
  if (referrers.length === 0) return;
  const { subject, version } = removed;
  throw registryRefusal(
    REGISTRY_ERRORS.referenceExists,
    `One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=${subject},version=${version}}.`,
    {
      facts: { subject, version },
      toDo: `Delete what refers to it first: ${referrers.join(', ')}.`,
    },
  );
}

function softDeleted(subject: string, version: number | null) {
  const { subjectSoftDeleted, versionSoftDeleted } = REGISTRY_ERRORS;
  return registryRefusal(
    version === null ? subjectSoftDeleted : versionSoftDeleted,
    `${named(subject, version)} was soft deleted.Set permanent=true to delete permanently`,
    { facts: { subject, version } },
  );
}

function notSoftDeleted(subject: string, version: number | null) {
  const { subjectNotSoftDeleted, versionNotSoftDeleted } = REGISTRY_ERRORS;
  return registryRefusal(
    version === null ? subjectNotSoftDeleted : versionNotSoftDeleted,
    `${named(subject, version)} was not deleted first before being permanently deleted`,
    { facts: { subject, version } },
  );
}

function named(subject: string, version: number | null): string {
  return version === null ? `Subject '${subject}'` : `Subject '${subject}' Version ${version}`;
}
