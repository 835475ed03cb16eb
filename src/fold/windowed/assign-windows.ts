import { DateTime } from 'luxon';
import type { CalendarWindow, WindowBounds, WindowPlan } from '../../projection/window.ts';

/** Gives the windows that an event time falls into, one after the other. */
export type AssignWindows = (
  timeMs: number,
  event: () => unknown,
  each: (startMs: number, endMs: number) => void,
) => void;

/** The windows of a plan as a function. Custom windows call the user's function with the whole event. @throws RangeError for a custom window that is none */
export function windowAssigner(plan: WindowPlan): AssignWindows {
  switch (plan.kind) {
    case 'tumbling': {
      const { sizeMs, offsetMs } = plan;
      return (timeMs, _event, each) => {
        const start = floorTo(timeMs, sizeMs, offsetMs);
        each(start, start + sizeMs);
      };
    }
    case 'sliding': {
      const { sizeMs, everyMs, offsetMs } = plan;
      return (timeMs, _event, each) => {
        for (
          let start = floorTo(timeMs, everyMs, offsetMs);
          start > timeMs - sizeMs;
          start -= everyMs
        ) {
          each(start, start + sizeMs);
        }
      };
    }
    case 'calendar': {
      let latest: WindowBounds = { startMs: 0, endMs: 0 };
      return (timeMs, _event, each) => {
        if (timeMs < latest.startMs || timeMs >= latest.endMs)
          latest = calendarWindow(plan, timeMs);
        each(latest.startMs, latest.endMs);
      };
    }
    case 'custom':
      return (timeMs, event, each) => {
        for (const { startMs, endMs } of plan.windowsOf(timeMs, event() as never)) {
          if (!(endMs > startMs)) {
            throw new RangeError(`the window [${startMs}, ${endMs}) does not end after it starts`);
          }
          each(startMs, endMs);
        }
      };
  }
}

/** The largest boundary at or before a time: offset + k · size. */
export function floorTo(timeMs: number, sizeMs: number, offsetMs: number): number {
  return Math.floor((timeMs - offsetMs) / sizeMs) * sizeMs + offsetMs;
}

/** Days are counted from 1970-01-01, weeks begin on Monday, months and years are counted from the year 0; all by the wall clock of the zone. */
function calendarWindow({ count, unit, timeZone }: CalendarWindow, timeMs: number): WindowBounds {
  const at = DateTime.fromMillis(timeMs, { zone: timeZone }).startOf(unit);
  const index = calendarIndex(at, unit);
  const start = at.minus({ [`${unit}s`]: floorMod(index, count) });
  // Where a change of the clock skips midnight, the day starts later: `startOf` says when.
  const first = start.startOf(unit);
  const end = first.plus({ [`${unit}s`]: count }).startOf(unit);
  return { startMs: first.toMillis(), endMs: end.toMillis() };
}

function calendarIndex(at: DateTime, unit: CalendarWindow['unit']): number {
  const day = Date.UTC(at.year, at.month - 1, at.day) / 86_400_000;
  switch (unit) {
    case 'day':
      return day;
    case 'week':
      return Math.floor((day + 3) / 7); // 1970-01-01 was a Thursday
    case 'month':
      return at.year * 12 + at.month - 1;
    case 'year':
      return at.year;
  }
}

function floorMod(value: number, by: number): number {
  return ((value % by) + by) % by;
}
