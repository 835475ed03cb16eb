import { classify } from '../../postgres/classify.ts';
import { isRepriseError } from '../../reprise-error.ts';

/**
 * Whether Postgres rejects the folded data: not an infrastructure fault, and a retry does not help.
 */
export function isDefect(error: unknown): error is Error {
  return error instanceof Error && !isRepriseError(error) && classify(error) === 'defect';
}
