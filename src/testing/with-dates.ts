import type { EventDefinition } from '../event/event-definition.ts';

/** An event's fields as tests may give them: timestamps as Dates or milliseconds. */
export type Given<Event> = {
  readonly [Name in keyof Event]: Event[Name] extends Date
    ? Date | number
    : Event[Name] extends Date | null
      ? Date | number | null
      : Event[Name];
};

/** Returns a value with timestamps as Dates if a test gave them in milliseconds. */
export function withDates(event: EventDefinition, given: unknown): unknown {
  const value: Record<string, unknown> = { ...(given as Record<string, unknown>) };
  for (const { name, type } of event.fields) {
    if (type.kind === 'timestamp-millis' && typeof value[name] === 'number') {
      value[name] = new Date(value[name]);
    }
  }
  return value;
}
