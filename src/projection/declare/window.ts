import { RepriseError } from '../../reprise-error.ts';
import { checkOptions } from '../check/check-options.ts';
import type { Duration } from '../check/duration.ts';
import { durationMs } from '../check/duration.ts';
import { failUnnamed } from '../check/fail-for.ts';
import type {
  CalendarWindow,
  CustomWindow,
  SlidingWindow,
  TumblingWindow,
} from '../plan/window-plan.ts';

const CALENDAR = /^\s*(\d+)\s*(day|week|month|year)s?\s*$/;
const ISO_CALENDAR = /^P(?:(\d+)Y|(\d+)M|(\d+)W|(\d+)D)$/;

/**
 * Tumbling event-time windows: every event is in exactly one, `[start, start + size)`, end
 * exclusive; also for times before 1970. Sizes of whole months or years, and days or weeks with a
 * time zone, follow the calendar: days of 23 and 25 hours, weeks from Monday.
 * @param options.offset moves all boundaries; default 0: boundaries at multiples of `size` since
 * the epoch (UTC); not for calendar windows
 * @param options.timeZone IANA name such as 'Europe/Berlin'; default UTC
 * @throws DEFINITION_INVALID for a size that is not a positive duration, or an unknown time zone
 * @example
 * tumbling('1 minute');
 * tumbling('1 day', { timeZone: 'Europe/Berlin' });
 * tumbling('1 hour', { offset: '15 minutes' });
 */
export function tumbling(
  size: Duration,
  options: { readonly offset?: Duration; readonly timeZone?: string } = {},
): TumblingWindow | CalendarWindow {
  const calendar = calendarSize(size);
  checkOptions(options, ['offset', 'timeZone'], { step: 'tumbling(…)', fail: failUnnamed });
  const { timeZone } = options;
  if (calendar !== null && (timeZone !== undefined || /month|year/.test(calendar.unit))) {
    return calendarWindow(calendar, options);
  }
  if (timeZone !== undefined) {
    fail(
      `tumbling(size, { timeZone }): ${JSON.stringify(size)} is no calendar unit. A time zone goes with days, weeks, months or years; other sizes count in UTC.`,
    );
  }
  const sizeMs = positiveMs(
    calendar?.unit === 'week' ? `${calendar.count * 7} days` : size,
    'tumbling(size)',
  );
  const offsetMs = durationMs(options.offset ?? 0, 'tumbling(offset)');
  return { kind: 'tumbling', sizeMs, offsetMs };
}

/**
 * Sliding (hopping) event-time windows of one size; one starts every `every`. An event is in all
 * windows that contain it. It is accumulated once per pane (the interval between two boundaries),
 * and windows share their panes.
 * @param options.every distance between window starts; beyond `size` there are gaps
 * @param options.offset moves all boundaries; default 0
 * @throws DEFINITION_INVALID for a size or distance that is not a positive duration
 * @example
 * sliding('1 hour', { every: '5 minutes' })
 */
export function sliding(
  size: Duration,
  options: { readonly every: Duration; readonly offset?: Duration },
): SlidingWindow {
  checkOptions(options, ['every', 'offset'], { step: 'sliding(…)', fail: failUnnamed });
  return {
    kind: 'sliding',
    sizeMs: positiveMs(size, 'sliding(size)'),
    everyMs: positiveMs(options.every, 'sliding(every)'),
    offsetMs: durationMs(options.offset ?? 0, 'sliding(offset)'),
  };
}

/**
 * A window that a user's function returns: `[start, end)`, milliseconds since the epoch or Dates.
 */
export interface Window {
  readonly start: number | Date;
  readonly end: number | Date;
}

/**
 * Windows from a pure function of the event time (ms) and the event. An event may be in no window,
 * one or several.
 * @example
 * // Quarters of an hour, but none at night.
 * customWindows((ms) => {
 *   const start = ms - (ms % 900_000);
 *   return new Date(ms).getUTCHours() < 6 ? [] : [{ start, end: start + 900_000 }];
 * })
 */
export function customWindows<Event>(
  windows: (eventTimeMs: number, event: Event) => readonly Window[],
): CustomWindow {
  if (typeof windows !== 'function') {
    fail(`customWindows(…): takes a function of event time and event, not ${String(windows)}.`);
  }
  return {
    kind: 'custom',
    windowsOf: (eventTimeMs, event) =>
      windows(eventTimeMs, event as Event).map(({ start, end }) => ({
        startMs: Number(start),
        endMs: Number(end),
      })),
    written: String(windows),
  };
}

interface CalendarSize {
  readonly count: number;
  readonly unit: CalendarWindow['unit'];
}

function calendarSize(size: Duration): CalendarSize | null {
  if (typeof size !== 'string') return null;
  const words = CALENDAR.exec(size);
  if (words !== null) return { count: Number(words[1]), unit: words[2] as CalendarSize['unit'] };
  const iso = ISO_CALENDAR.exec(size.trim());
  if (iso === null) return null;
  const units = ['year', 'month', 'week', 'day'] as const;
  const found = units.findIndex((_, i) => iso[i + 1] !== undefined);
  return { count: Number(iso[found + 1]), unit: units[found] as CalendarSize['unit'] };
}

function calendarWindow(
  { count, unit }: CalendarSize,
  options: { readonly offset?: Duration; readonly timeZone?: string },
): CalendarWindow {
  const { timeZone = 'UTC' } = options;
  if (count < 1)
    fail(
      `tumbling(size): 0 ${unit}s is not longer than nothing. A window needs a size above zero, such as '1 day'.`,
    );
  if (options.offset !== undefined) {
    fail(
      'tumbling(size, { offset }): calendar windows begin where the calendar says. Leave the offset out.',
    );
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    fail(
      `tumbling(size, { timeZone }): there is no time zone "${timeZone}". Give an IANA name such as 'Europe/Berlin'.`,
    );
  }
  return { kind: 'calendar', count, unit, timeZone };
}

function positiveMs(size: Duration, what: string): number {
  const ms = durationMs(size, what);
  if (ms > 0) return ms;
  return fail(
    `${what}: ${JSON.stringify(size)} is not longer than nothing. A window needs a size above zero, such as '1 minute'.`,
  );
}

function fail(message: string): never {
  throw new RepriseError('DEFINITION_INVALID', message);
}
