import { AssertionError } from 'node:assert';

/**
 * The message of the assertion that fails in a call. @throws what else it throws; Error where
 * nothing fails
 */
export function assertionMessage(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof AssertionError) return error.message;
    throw error;
  }
  throw new Error('nothing failed');
}
