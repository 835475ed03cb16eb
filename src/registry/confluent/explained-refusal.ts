import { isRepriseError, type RepriseError } from '../../reprise-error.ts';
import { incompatibleSchema, refusalWords } from '../incompatible-schema.ts';
import { checkRegistered } from '../registry-history.ts';
import type { CompatibilityLevel } from '../schema-registry.ts';

/** What a registry holds beside a schema that it refused, texts standing alone. */
export interface RefusedBeside {
  readonly subject: string;
  readonly schemaText: string;
  readonly level: CompatibilityLevel;
  readonly versions: readonly { readonly version: number; readonly standalone: string }[];
}

/**
 * A registry's refusal in the words that our commands and our own registry use, so that the
 * publisher explains what `reprise schemas check` explained; the registry's own words where our
 * rules see nothing wrong.
 */
export function explainedRefusal(
  refusal: RepriseError,
  where: string,
  { subject, schemaText, level, versions }: RefusedBeside,
): RepriseError {
  try {
    const report = checkRegistered(versions, schemaText, level);
    if (report.compatible) return refusal;
    const words = refusalWords(subject, report);
    return incompatibleSchema(where, { subject, words, cause: refusal.cause });
  } catch (error) {
    // A foreign registry may hold what is no Avro for us: its refusal stands as it is.
    if (isRepriseError(error, 'SCHEMA_INVALID')) return refusal;
    throw error;
  }
}
