import type { ErrorCode, ErrorFacts } from '../reprise-error.ts';
import { isRepriseError, RepriseError } from '../reprise-error.ts';

/**
 * An error in a form that can be sent to another thread: structured cloning keeps neither the class
 * nor the fields of an error.
 */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: PackedError | undefined;
  /** Code of a reprise error, of Postgres, or of Node. */
  readonly code: string | undefined;
  /** Only for a reprise error. */
  readonly reprise: { readonly retriable: boolean; readonly facts: ErrorFacts } | undefined;
}

/** Limit of nested causes that are kept. */
const DEPTH_MAX = 8;

/** Converts an error for another thread. */
export function packError(error: unknown, depth = 0): PackedError {
  const { name, message, stack, cause, code }: Error & { readonly code?: unknown } =
    error instanceof Error ? error : new Error(String(error));
  return {
    name,
    message,
    stack,
    cause: cause === undefined || depth >= DEPTH_MAX ? undefined : packError(cause, depth + 1),
    code: typeof code === 'string' ? code : undefined,
    reprise: isRepriseError(error) ? { retriable: error.retriable, facts: error.facts } : undefined,
  };
}

/**
 * Restores a packed error: a RepriseError with code and facts if it was one; any other with name,
 * message, stack, code and cause.
 */
export function unpackError(packed: PackedError): Error {
  const { name, message, stack, code, reprise } = packed;
  const cause = packed.cause === undefined ? undefined : unpackError(packed.cause);
  const error =
    reprise === undefined
      ? Object.assign(new Error(message, cause && { cause }), { name }, code && { code })
      : new RepriseError(code as ErrorCode, message, { ...reprise, cause });
  if (stack !== undefined) error.stack = stack;
  return error;
}
