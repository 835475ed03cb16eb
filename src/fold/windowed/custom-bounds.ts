import type { CustomWindow, WindowBounds } from '../../projection/plan/window-plan.ts';

/**
 * Returns the windows of a user's function for an event, each once.
 * @throws RangeError for an invalid window: bounds that are not whole milliseconds, an end that is
 * not after the start; what the function throws
 */
export function customBounds(
  window: CustomWindow,
  timeMs: number,
  event: unknown,
): readonly WindowBounds[] {
  const given = window.windowsOf(timeMs, event as never);
  for (const { startMs, endMs } of given) {
    if (!Number.isSafeInteger(startMs) || !Number.isSafeInteger(endMs)) {
      throw new RangeError(`[${startMs}, ${endMs}) is no window: bounds are whole milliseconds`);
    }
    if (endMs <= startMs) {
      throw new RangeError(`[${startMs}, ${endMs}) is no window: it does not end after it starts`);
    }
  }
  return given.length < 2 ? given : given.filter((each, i) => isFirst(given, each, i));
}

function isFirst(all: readonly WindowBounds[], { startMs, endMs }: WindowBounds, i: number) {
  return all.findIndex((each) => each.startMs === startMs && each.endMs === endMs) === i;
}
