import { RepriseError } from '../reprise-error.ts';
import type { EventDefinition } from './event-definition.ts';

/**
 * Parses the bytes of a JSON event. @throws DECODE_FAILED if they are not JSON or do not fit the
 * event's schema
 */
export function parseJsonEvent<Event>(event: EventDefinition<Event>, bytes: Buffer): Event {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return event.parse === undefined ? (value as Event) : event.parse(value);
  } catch (error) {
    throw new RepriseError(
      'DECODE_FAILED',
      `The value is not a ${event.name}: ${(error as Error).message}. Look at its producer, or widen the schema of defineEvent.`,
      { cause: error, facts: { event: event.name } },
    );
  }
}
