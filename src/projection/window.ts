import { RepriseError } from '../reprise-error.ts';
import type { Duration } from './duration.ts';
import { durationMs } from './duration.ts';

/** The windows a plan may have. */
export type WindowPlan = TumblingWindow | SlidingWindow | CalendarWindow | CustomWindow;

/** Windows of one size that begin every `everyMs` and may overlap. */
export interface SlidingWindow {
  readonly kind: 'sliding';
  readonly sizeMs: number;
  readonly everyMs: number;
  readonly offsetMs: number;
}

/** Windows of whole calendar units in a time zone (IANA name): days of 23 and 25 hours, months of their own lengths. */
export interface CalendarWindow {
  readonly kind: 'calendar';
  readonly count: number;
  readonly unit: 'day' | 'week' | 'month' | 'year';
  readonly timeZone: string;
  readonly offsetMs: number;
}

/** Windows that a pure function gives for each event. */
export interface CustomWindow {
  readonly kind: 'custom';
  readonly windowsOf: (eventTimeMs: number, event: never) => readonly WindowBounds[];
}

/** `[startMs, endMs)`, milliseconds since the epoch. */
export interface WindowBounds {
  readonly startMs: number;
  readonly endMs: number;
}

/** Windows that follow each other without gap or overlap: `[start, end)` with start = t − floorMod(t − offset, size). */
export interface TumblingWindow {
  readonly kind: 'tumbling';
  readonly sizeMs: number;
  readonly offsetMs: number;
}

/**
 * Tumbling event-time windows. Every event falls in exactly one, `[start, start + size)`, end exclusive; right for times before 1970 too.
 * @param options.offset moves all boundaries; default 0: boundaries at multiples of `size` since the epoch (UTC)
 * @throws DEFINITION_INVALID for a size that is not a positive duration
 */
export function tumbling(
  size: Duration,
  options: { readonly offset?: Duration } = {},
): TumblingWindow {
  const sizeMs = durationMs(size, 'tumbling(size)');
  if (sizeMs <= 0) {
    throw new RepriseError(
      'DEFINITION_INVALID',
      `tumbling(size): ${JSON.stringify(size)} is not longer than nothing. A window needs a size above zero, such as '1 minute'.`,
    );
  }
  const offsetMs = durationMs(options.offset ?? 0, 'tumbling(offset)');
  return { kind: 'tumbling', sizeMs, offsetMs };
}
