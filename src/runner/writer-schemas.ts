import type { UnresolvedSchema } from '../fold/task-fold.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import type { RepriseError } from '../reprise-error.ts';
import { isRepriseError } from '../reprise-error.ts';
import type { Backoff } from './backoff.ts';

/**
 * An id that the registry does not know may still be on its way to this replica: how often to ask before its records fail. With the backoff of a task that is some five seconds, of
 * which the registry's cache answers what comes within a second of the last question.
 */
const UNKNOWN_ID_ATTEMPTS = 10;

/**
 * Fetches the text of a writer schema. A registry that is away is asked again for ever, with backoff (an infrastructure fault is never a dead letter);
 * an id it does not know is asked for a few times and then given back as the error its records carry.
 */
export async function fetchWriterSchema(
  registry: SchemaRegistry,
  wanted: UnresolvedSchema,
  pacing: { readonly backoff: Backoff; readonly onPause: (reason: Error | null) => void },
): Promise<string | RepriseError> {
  let paused = false;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const text = await registry.schemaById(wanted.schemaId);
      if (paused) pacing.onPause(null);
      return text;
    } catch (error) {
      if (isRepriseError(error, 'UNKNOWN_SCHEMA_ID')) {
        if (attempt + 1 >= UNKNOWN_ID_ATTEMPTS) return error;
      } else if (isRepriseError(error) && error.retriable) {
        paused = true;
        pacing.onPause(error);
      } else {
        throw error;
      }
      await pacing.backoff.wait(attempt);
    }
  }
}
