import { checkHistory, type HistoryReport } from '../../avro/compatibility/check-history.ts';
import type { CompatibilityLevel } from '../schema-registry.ts';
import type { PreparedDraft } from './prepare-draft.ts';
import { referencedTexts } from './referenced-texts.ts';
import type { Queryable, VersionRow } from './version-rows.ts';

/**
 * Checks a draft against earlier versions (oldest first) at a level. The report names them by their
 * version numbers in the subject.
 */
export async function checkDraft(
  client: Queryable,
  draft: PreparedDraft,
  versions: readonly VersionRow[],
  mode: CompatibilityLevel,
): Promise<HistoryReport> {
  const history = [];
  for (const { schema_text, schema_references } of versions) {
    const references = await referencedTexts(client, schema_references);
    history.push({ schemaText: schema_text, references });
  }
  const report = checkHistory({ history, next: draft.source, mode });
  const numbered = <Found extends { readonly version: number }>(found: Found): Found => ({
    ...found,
    version: versions[found.version - 1]?.version ?? found.version,
  });
  return {
    ...report,
    conflicts: report.conflicts.map(numbered),
    warnings: report.warnings.map(numbered),
  };
}
