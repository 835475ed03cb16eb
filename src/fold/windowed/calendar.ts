import { IANAZone } from 'luxon';
import type { CalendarWindow, WindowBounds } from '../../projection/plan/window-plan.ts';
import { LATEST_MS } from '../rows/postgres-limits.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** More than any zone's distance from UTC, or any change of its clocks. */
const FURTHEST_MS = 2 * DAY_MS;
/** Number of cached windows: events around a boundary, out of order, are in two. */
const REMEMBERED = 8;

/**
 * Calendar windows of a time zone. Units are numbered (days from 1970-01-01, weeks from a Monday,
 * months and years from the year 0, by the wall clock); unit n starts at the first instant when the
 * wall clock shows its first midnight or later. So windows follow each other without gap or
 * overlap, also if a change of the clock skips midnight (the unit starts with the change), repeats
 * it (with the first of the two) or skips a whole day.
 */
export class Calendar {
  readonly #window: CalendarWindow;
  readonly #zone: IANAZone;
  /** The latest windows, most recent first. */
  readonly #recent: WindowBounds[] = [];

  constructor(window: CalendarWindow) {
    this.#window = window;
    this.#zone = IANAZone.create(window.timeZone);
  }

  /** Returns the window that contains an instant. */
  windowOf(timeMs: number): WindowBounds {
    const recent = this.#recent;
    for (let i = 0; i < recent.length; i += 1) {
      const each = recent[i] as WindowBounds;
      if (timeMs < each.startMs || timeMs >= each.endMs) continue;
      if (i > 0) {
        recent.splice(i, 1);
        recent.unshift(each);
      }
      return each;
    }
    const found = this.#find(timeMs);
    recent.unshift(found);
    recent.length = Math.min(recent.length, REMEMBERED);
    return found;
  }

  #find(timeMs: number): WindowBounds {
    const { count, unit } = this.#window;
    const index = unitOf(this.#wallMs(timeMs), unit);
    let first = index - floorMod(index, count);
    let startMs = this.#startOf(first);
    let endMs = this.#startOf(first + count);
    // The wall clock may show yesterday again after midnight has passed once.
    while (timeMs >= endMs) {
      first += count;
      startMs = endMs;
      endMs = this.#startOf(first + count);
    }
    while (timeMs < startMs) {
      first -= count;
      endMs = startMs;
      startMs = this.#startOf(first);
    }
    return { startMs, endMs };
  }

  /** Returns the first instant when the wall clock shows the first midnight of a unit, or later. */
  #startOf(index: number): number {
    const midnightMs = wallStartOf(index, this.#window.unit);
    const around = [-FURTHEST_MS, FURTHEST_MS].map((ms) => this.#offsetMs(midnightMs + ms));
    const [least, most] = [Math.min(...around), Math.max(...around)];
    // The clock shows midnight under one of the two offsets around it, unless a change skips
    // midnight.
    const earliest = midnightMs - most;
    if (this.#offsetMs(earliest) === most) return earliest;
    let before = earliest;
    let at = midnightMs - least;
    while (at - before > 1) {
      const middle = before + Math.floor((at - before) / 2);
      if (this.#wallMs(middle) >= midnightMs) at = middle;
      else before = middle;
    }
    return at;
  }

  /** Returns the wall-clock time, as if it were UTC. */
  #wallMs(timeMs: number): number {
    return timeMs + this.#offsetMs(timeMs);
  }

  #offsetMs(timeMs: number): number {
    const inRange = Math.max(-LATEST_MS, Math.min(LATEST_MS, timeMs));
    return Math.round(this.#zone.offset(inRange) * MINUTE_MS);
  }
}

/** Returns the number of the unit that contains a wall-clock time. */
function unitOf(wallMs: number, unit: CalendarWindow['unit']): number {
  const date = new Date(wallMs);
  switch (unit) {
    case 'day':
      return Math.floor(wallMs / DAY_MS);
    case 'week':
      return Math.floor((Math.floor(wallMs / DAY_MS) + 3) / 7); // 1970-01-01 was a Thursday
    case 'month':
      return date.getUTCFullYear() * 12 + date.getUTCMonth();
    case 'year':
      return date.getUTCFullYear();
  }
}

/** Returns the midnight that starts a unit, on the wall clock. */
function wallStartOf(index: number, unit: CalendarWindow['unit']): number {
  switch (unit) {
    case 'day':
      return index * DAY_MS;
    case 'week':
      return (index * 7 - 3) * DAY_MS;
    case 'month':
      return firstDayOf(Math.floor(index / 12), floorMod(index, 12));
    case 'year':
      return firstDayOf(index, 0);
  }
}

/** Returns the first day of a month. `Date.UTC` takes the years 0 … 99 for 1900 … 1999. */
function firstDayOf(year: number, month: number): number {
  return new Date(0).setUTCFullYear(year, month, 1);
}

function floorMod(value: number, by: number): number {
  return ((value % by) + by) % by;
}
