import type { StepContext } from '../check/fail-for.ts';
import type { WindowPlan } from '../plan/window-plan.ts';

/**
 * Checks a window. Windows are data and may be written by hand, so this refuses what `tumbling` and
 * the other builders would refuse. @throws DEFINITION_INVALID through `fail`
 */
export function checkWindow(window: WindowPlan, { step, fail }: StepContext): void {
  const positive = (name: string, ms: number) => {
    if (!(Number.isSafeInteger(ms) && ms > 0)) {
      fail(step, `${name} of the windows is ${ms}; it takes whole milliseconds above zero.`);
    }
  };
  switch (window?.kind) {
    case 'tumbling':
    case 'sliding':
      positive('the size', window.sizeMs);
      if (window.kind === 'sliding') positive('the distance (every)', window.everyMs);
      if (Number.isSafeInteger(window.offsetMs)) return undefined;
      return fail(step, `the offset of the windows is ${window.offsetMs}; it takes milliseconds.`);
    case 'calendar':
    case 'custom':
      return undefined;
    default:
      return fail(step, "takes windows such as tumbling('1 minute').");
  }
}
