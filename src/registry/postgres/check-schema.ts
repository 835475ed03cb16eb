import type { Pool } from 'pg';
import type { HistoryReport } from '../../avro/compatibility/check-history.ts';
import {
  REGISTRY_ERRORS,
  registryRefusal,
  unknownSubject,
  unknownVersion,
} from '../registry-refusal.ts';
import type { SchemaDraft, StoredVersion, VersionScope } from '../registry-store.ts';
import { checkDraft } from './check-draft.ts';
import { findVersion } from './find-version.ts';
import { levelOf } from './level-of.ts';
import { prepareDraft } from './prepare-draft.ts';
import { storedVersion, type VersionRow, versionRows } from './version-rows.ts';

/**
 * Returns the version of a subject that has a schema. @throws UNKNOWN_SUBJECT, UNKNOWN_SCHEMA_ID,
 * REGISTRY_REFUSED (42201)
 */
export async function findSchema(
  pool: Pool,
  subject: string,
  draft: SchemaDraft,
  scope: VersionScope,
): Promise<StoredVersion> {
  if ((await versionRows(pool, subject, scope)).length === 0) throw unknownSubject(subject);
  const prepared = await prepareDraft(pool, subject, draft);
  const found = await findVersion(pool, subject, prepared, scope);
  if (found !== null) return storedVersion(found);
  throw registryRefusal(REGISTRY_ERRORS.schemaNotFound, 'Schema not found', {
    facts: { subject },
    toDo: 'Register it, or correct it.',
  });
}

/**
 * Checks a schema at the subject's level. An unknown subject has no version to be incompatible
 * with; a version requested by number must exist. @throws REGISTRY_REFUSED (40402, 42201)
 */
export async function checkSchema(
  pool: Pool,
  subject: string,
  draft: SchemaDraft,
  against: number | 'latest' | 'all',
): Promise<HistoryReport> {
  const live = await versionRows(pool, subject, 'live');
  const compared = chosen(live, against);
  if (typeof against === 'number' && compared.length === 0) throw unknownVersion(subject, against);
  const prepared = await prepareDraft(pool, subject, draft);
  return checkDraft(pool, prepared, compared, await levelOf(pool, subject));
}

function chosen(
  live: readonly VersionRow[],
  against: number | 'latest' | 'all',
): readonly VersionRow[] {
  if (against === 'all') return live;
  if (against === 'latest') return live.slice(-1);
  return live.filter(({ version }) => version === against);
}
