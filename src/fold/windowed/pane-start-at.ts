import type { SlidingWindow } from '../../projection/plan/window-plan.ts';

/** Returns the largest boundary at or before a time: offset + k · size. Also for negative times. */
export function floorTo(timeMs: number, sizeMs: number, offsetMs: number): number {
  return Math.floor((timeMs - offsetMs) / sizeMs) * sizeMs + offsetMs;
}

/**
 * Returns the start of the pane of an event time. A pane is the longest interval around it in which
 * no window starts or ends. At most two sizes alternate, size mod every and the rest of every
 * (paired windows, Krishnamurthy et al. 2006), however little size and every have in common.
 */
export function paneStartAt({ sizeMs, everyMs, offsetMs }: SlidingWindow, timeMs: number): number {
  const startMs = floorTo(timeMs, everyMs, offsetMs);
  const middleMs = startMs + (sizeMs % everyMs);
  return timeMs < middleMs ? startMs : middleMs;
}

/**
 * Returns the start of the first window that contains a time; later than the time if it is in a gap
 * between windows.
 */
export function firstStartAt({ sizeMs, everyMs, offsetMs }: SlidingWindow, timeMs: number): number {
  return floorTo(timeMs - sizeMs, everyMs, offsetMs) + everyMs;
}
