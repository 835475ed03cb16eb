import { isRepriseError, RepriseError } from '../../reprise-error.ts';

/**
 * An event that cannot be decoded, with the code of its cause (default DECODE_FAILED). Tells it
 * from a user's function that fails, which may throw an error of reprise as well.
 */
export class Undecodable extends RepriseError {
  constructor(cause: unknown) {
    const { code, retriable, facts } = isRepriseError(cause)
      ? cause
      : { code: 'DECODE_FAILED' as const, retriable: false, facts: {} };
    super(code, (cause as Error).message, { cause, retriable, facts });
  }
}
