import type { SlidingWindow } from '../../projection/plan/window-plan.ts';

/** The largest boundary at or before a time: offset + k · size. Right for negative times too. */
export function floorTo(timeMs: number, sizeMs: number, offsetMs: number): number {
  return Math.floor((timeMs - offsetMs) / sizeMs) * sizeMs + offsetMs;
}

/**
 * Where the pane of an event time begins. A pane is the longest stretch around it in which no
 * window begins or ends. Two alternate at most, of size mod every and of the rest of every (paired
 * windows, Krishnamurthy et al. 2006), however little size and every have in common.
 */
export function paneStartAt({ sizeMs, everyMs, offsetMs }: SlidingWindow, timeMs: number): number {
  const startMs = floorTo(timeMs, everyMs, offsetMs);
  const middleMs = startMs + (sizeMs % everyMs);
  return timeMs < middleMs ? startMs : middleMs;
}

/**
 * Where the first window that contains a time begins; later than the time where windows leave a gap
 * there.
 */
export function firstStartAt({ sizeMs, everyMs, offsetMs }: SlidingWindow, timeMs: number): number {
  return floorTo(timeMs - sizeMs, everyMs, offsetMs) + everyMs;
}
