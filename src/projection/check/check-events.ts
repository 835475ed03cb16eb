import type { EventDefinition } from '../../event/event-definition.ts';
import { kindOf } from './check-function.ts';
import type { StepContext } from './fail-for.ts';

/**
 * Checks that a value is an event definition (a circular import gives undefined). @throws
 * DEFINITION_INVALID through `fail`
 */
export function checkEvent(event: unknown, { step, fail }: StepContext): void {
  const { name, topic, fields } = (event ?? {}) as Partial<EventDefinition>;
  if (typeof name === 'string' && typeof topic === 'string' && Array.isArray(fields)) return;
  const hint = event === undefined ? ' Modules that import each other in a circle may be why.' : '';
  fail(step, `is given ${kindOf(event)} instead of an event definition.${hint}`);
}

/**
 * Checks the events that a projection folds: at least one, none twice, and records of one topic can
 * be told apart. @throws DEFINITION_INVALID through `fail`
 */
export function checkEvents(events: readonly EventDefinition[], context: StepContext): void {
  const { step, fail } = context;
  if (events.length === 0) fail(step, 'names no event.');
  for (const event of events) checkEvent(event, context);
  for (const { name, topic, format } of events) {
    const neighbours = events.filter((each) => each.topic === topic);
    if (neighbours.filter((each) => each.name === name).length > 1) {
      fail(step, `names an event twice: ${name} of the topic ${topic}.`);
    }
    if (neighbours.length > 1 && format !== 'avro') {
      fail(
        step,
        `${name} shares the topic ${topic} with other events; only Avro records say which event they are.`,
      );
    }
  }
}
