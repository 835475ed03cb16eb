import type { EventDefinition } from '../../event/event-definition.ts';
import { checkOptions } from '../check/check-options.ts';
import { failUnnamed } from '../check/fail-for.ts';
import type { EmissionPlan } from '../plan/plan.ts';

/**
 * What `.onClose(…)` declares: an event when something closes, and, if asked for, when it is
 * revised. @throws DEFINITION_INVALID for options that there are not
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
