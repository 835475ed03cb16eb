/** The kinds of windows. */
export type WindowPlan = TumblingWindow | SlidingWindow | CalendarWindow | CustomWindow;

/** Windows of one size that start every `everyMs` and may overlap. */
export interface SlidingWindow {
  readonly kind: 'sliding';
  readonly sizeMs: number;
  readonly everyMs: number;
  readonly offsetMs: number;
}

/**
 * Windows of whole calendar units in a time zone (IANA name): days of 23 and 25 hours, months of
 * their own lengths.
 */
export interface CalendarWindow {
  readonly kind: 'calendar';
  readonly count: number;
  readonly unit: 'day' | 'week' | 'month' | 'year';
  readonly timeZone: string;
}

/** Windows that a pure function returns for each event. */
export interface CustomWindow {
  readonly kind: 'custom';
  readonly windowsOf: (eventTimeMs: number, event: never) => readonly WindowBounds[];
  /**
   * The text of the user's function, which is compared to detect a change; `windowsOf` wraps that
   * function.
   */
  readonly written: string;
}

/** The bounds of a window, `[startMs, endMs)`, in milliseconds since the epoch. */
export interface WindowBounds {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Windows that follow each other without gap or overlap: `[start, end)` with start = t − floorMod(t
 * − offset, size).
 */
export interface TumblingWindow {
  readonly kind: 'tumbling';
  readonly sizeMs: number;
  readonly offsetMs: number;
}
