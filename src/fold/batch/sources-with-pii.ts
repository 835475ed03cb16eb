import { piiFieldsOf } from '../../avro/pii/pii-fields.ts';
import type { Plan, SourcePlan } from '../../projection/plan/plan.ts';

/**
 * Returns the sources whose `pii` values a projection may see: it names such a field, has functions
 * that get whole events, or reads an event whose upcasters get some. Others skip decryption.
 */
export function sourcesWithPii(plan: Plan): readonly SourcePlan[] {
  const isGivenEvents = plan.kind === 'table' || plan.kind === 'pattern' || holdsFunction(plan);
  return plan.sources.filter((source) => {
    const sealed = piiFieldsOf(source.event);
    const isSeen = isGivenEvents || sealed.some(({ name }) => source.fields.includes(name));
    return (sealed.length > 0 && isSeen) || upcastsPii(source.event);
  });
}

/** True if a plan holds a function outside its events and the events that it publishes. */
function holdsFunction(part: unknown): boolean {
  if (typeof part === 'function') return true;
  if (typeof part !== 'object' || part === null) return false;
  return Object.entries(part).some(
    ([name, inner]) => name !== 'event' && name !== 'emissions' && holdsFunction(inner),
  );
}

function upcastsPii({ evolution }: SourcePlan['event']): boolean {
  return evolution?.upcasters.some(({ from }) => piiFieldsOf(from).length > 0) ?? false;
}
