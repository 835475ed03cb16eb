import { isRepriseError, type RepriseError } from '../../reprise-error.ts';
import { incompatibleSchema, refusalWords } from '../incompatible-schema.ts';
import { checkRegistered } from '../registry-history.ts';
import type { CompatibilityLevel } from '../schema-registry.ts';

/**
 * The registered versions that a registry compared with a schema it refused, as self-contained
 * texts.
 */
export interface RefusedBeside {
  readonly subject: string;
  readonly schemaText: string;
  readonly level: CompatibilityLevel;
  readonly versions: readonly { readonly version: number; readonly standalone: string }[];
}

/**
 * Returns a registry's refusal in the words of reprise's commands and registry, so that a publisher
 * gives the same explanation as `reprise schemas check`. Keeps the registry's own words if
 * reprise's rules find no fault.
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
    // A foreign registry may hold a schema that reprise cannot parse: its refusal stays as it is.
    if (isRepriseError(error, 'SCHEMA_INVALID')) return refusal;
    throw error;
  }
}
