import type { SlidingWindow, WindowBounds } from '../../projection/window.ts';
import { floorTo } from './assign-windows.ts';

/** Size of the panes that sliding windows share: every boundary of a window is one of a pane (Li et al. 2005, "No pane, no gain"). */
export function paneSizeMs({ sizeMs, everyMs }: SlidingWindow): number {
  let a = sizeMs;
  let b = everyMs;
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** The pane of an event time. */
export function paneOf(window: SlidingWindow, timeMs: number): WindowBounds {
  const size = paneSizeMs(window);
  const startMs = floorTo(timeMs, size, window.offsetMs);
  return { startMs, endMs: startMs + size };
}

/** The windows that a pane lies in, latest first. */
export function windowsOfPane(window: SlidingWindow, paneStartMs: number): WindowBounds[] {
  const { sizeMs, everyMs, offsetMs } = window;
  const found: WindowBounds[] = [];
  const last = floorTo(paneStartMs, everyMs, offsetMs);
  for (let startMs = last; startMs > paneStartMs - sizeMs; startMs -= everyMs) {
    found.push({ startMs, endMs: startMs + sizeMs });
  }
  return found;
}
