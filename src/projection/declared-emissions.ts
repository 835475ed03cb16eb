import type { EventDefinition } from '../event/event-definition.ts';
import type { EmissionPlan } from './plan.ts';

/** What `.onClose(…)` declares: an event when something closes, and, if asked for, when it is revised. */
export function emissionsOf(
  event: EventDefinition,
  make: (row: never) => unknown,
  options: { readonly onRevise?: boolean },
): EmissionPlan[] {
  const close: EmissionPlan = { on: 'close', event, make };
  return options.onRevise === true ? [close, { on: 'revise', event, make }] : [close];
}
