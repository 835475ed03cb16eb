import type { EventDefinition } from '../../event/event-definition.ts';
import { checkOptions } from '../check/check-options.ts';
import { failUnnamed } from '../check/fail-for.ts';
import type { EmissionPlan } from '../plan/plan.ts';

/**
 * Returns the emissions that `.onClose(…)` declares: an event when a window or session closes and,
 * if requested, when it is revised. @throws DEFINITION_INVALID for unknown options
 */
export function emissionsOf(
  event: EventDefinition,
  make: (row: never) => unknown,
  options: { readonly onRevise?: boolean },
): EmissionPlan[] {
  checkOptions(options, ['onRevise'], { step: '.onClose(…)', fail: failUnnamed });
  const close: EmissionPlan = { on: 'close', event, make };
  return options.onRevise === true ? [close, { on: 'revise', event, make }] : [close];
}
