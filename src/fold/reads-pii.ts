import { piiFieldsOf } from '../avro/pii-fields.ts';
import type { Plan, SourcePlan } from '../projection/plan.ts';

/** The sources whose `pii` values a projection may see: it names such a field, or has functions that are given whole events. The others pay nothing. */
export function sourcesWithPii(plan: Plan): readonly SourcePlan[] {
  const isGivenEvents = plan.kind === 'table' || plan.kind === 'pattern' || holdsFunction(plan);
  return plan.sources.filter((source) => {
    const sealed = piiFieldsOf(source.event);
    return (
      sealed.length > 0 &&
      (isGivenEvents || sealed.some(({ name }) => source.fields.includes(name)))
    );
  });
}

/** Whether a plan holds a function anywhere but in its events and in what it publishes. */
function holdsFunction(part: unknown): boolean {
  if (typeof part === 'function') return true;
  if (typeof part !== 'object' || part === null) return false;
  return Object.entries(part).some(
    ([name, inner]) => name !== 'event' && name !== 'emissions' && holdsFunction(inner),
  );
}
