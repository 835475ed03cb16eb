import { explainConflicts, type HistoryReport } from '../avro/compatibility/check-history.ts';
import { RepriseError } from '../reprise-error.ts';

/**
 * Why a schema is refused beside the earlier versions of its subject, in the words that command,
 * registry and publisher share: the level, and one sentence a reason.
 */
export function refusalWords(subject: string, report: HistoryReport): string {
  return `the schema of ${subject} breaks ${report.mode}: ${explainConflicts(report).join('; ')}`;
}

/** The error for a schema that a registry refuses; `words` are the registry's own. */
export function incompatibleSchema(
  where: string,
  refused: { readonly subject: string; readonly words: string; readonly cause?: unknown },
): RepriseError {
  const { subject, words, cause } = refused;
  return new RepriseError(
    'INCOMPATIBLE_SCHEMA',
    `${where} does not accept the schema of ${subject} beside its earlier versions: ${words}. ` +
      'Make the change compatible (a default for a new field), or publish to a new topic.',
    { cause, facts: { subject, words } },
  );
}
