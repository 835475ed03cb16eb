import { explainConflicts, type HistoryReport } from '../avro/compatibility/check-history.ts';
import { RepriseError } from '../reprise-error.ts';

/**
 * Formats why a schema is refused against earlier versions of its subject: the level, and one
 * sentence for each reason. Command, registry and publisher share this text.
 */
export function refusalWords(subject: string, report: HistoryReport): string {
  return `the schema of ${subject} breaks ${report.mode}: ${explainConflicts(report).join('; ')}`;
}

/** Creates the error for a schema that a registry refuses; `words` is the registry's message. */
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
