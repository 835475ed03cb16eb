import { classify } from '../../postgres/classify.ts';
import { isRepriseError } from '../../reprise-error.ts';

/**
 * Postgres refuses what was folded: neither an infrastructure fault nor one that another try mends.
 */
export function isDefect(error: unknown): error is Error {
  return error instanceof Error && !isRepriseError(error) && classify(error) === 'defect';
}
