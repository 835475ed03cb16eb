import type { RecordBatch } from '../../log/record-batch.ts';
import type { WindowedPlan } from '../../projection/plan/plan.ts';
import type {
  CalendarWindow,
  CustomWindow,
  SlidingWindow,
  TumblingWindow,
  WindowPlan,
} from '../../projection/plan/window-plan.ts';
import { calendarMessage, deadLetterAt, futureLetter } from '../batch/dead-letter-at.ts';
import type { EventClock } from '../batch/event-clock.ts';
import { RecordTimes } from '../batch/record-times.ts';
import type { DecodedBatch, SourcePart } from '../batch/topic-batches.ts';
import { EARLIEST_MS, LATEST_MS } from '../rows/postgres-limits.ts';
import { Calendar } from './calendar.ts';
import { customBounds } from './custom-bounds.ts';
import { firstStartAt, floorTo, paneStartAt } from './pane-start-at.ts';

/** Route of an event to an open window. */
const OPEN = 0;
/** Route to a closed window. */
export const LATE = 1;
/**
 * Route to a pane that open windows share; the entry's start is the start of the pane, its end the
 * start of the first of those windows.
 */
const PANE = 2;

/**
 * The windows of a batch's records: record i has the entries `first[i] … first[i + 1]`. The clock
 * advances record by record, in the order of the batch over all its parts, so whether a window is
 * closed for a record never depends on batch boundaries.
 *
 * Use per batch: `pass`, filter, `assign`.
 */
export class WindowRoutes {
  /**
   * True: every record has one window; its entry is its own index in the batch, and `first` is not
   * used.
   */
  readonly isSingle: boolean;
  first = new Int32Array(1);
  starts = new Float64Array(1024);
  ends = new Float64Array(1024);
  kinds = new Uint8Array(1024);
  /** The watermark after record i. */
  watermarks = new Float64Array(0);
  readonly #window: WindowPlan;
  readonly #latenessMs: number;
  readonly #calendar: Calendar | null;
  readonly #times = new RecordTimes();
  #count = 0;

  constructor({ window, latenessMs }: Pick<WindowedPlan, 'window' | 'latenessMs'>) {
    this.#window = window;
    this.#latenessMs = latenessMs;
    this.isSingle = window.kind === 'tumbling' || window.kind === 'calendar';
    this.#calendar = window.kind === 'calendar' ? new Calendar(window) : null;
  }

  /**
   * Advances the clock past every record and finds their windows, except custom ones; marks records
   * that must not count as skipped.
   */
  pass(batch: RecordBatch, decoded: DecodedBatch, clock: EventClock): void {
    this.#makeRoom(batch.count);
    this.#count = 0;
    const window = this.#window;
    if (window.kind === 'custom') {
      this.#times.pass(batch, decoded, clock);
      this.watermarks = this.#times.watermarks;
    } else this.#routeByTime(window, batch, decoded, clock);
  }

  /**
   * Finds the windows of the records that are not skipped, if a user's function returns them. A
   * record for which it fails becomes a dead letter.
   */
  assign(batch: RecordBatch, { parts, route, deadLetters }: DecodedBatch): void {
    const window = this.#window;
    if (window.kind !== 'custom') return;
    for (let i = 0; i < batch.count; i += 1) {
      this.first[i] = this.#count;
      const part = parts[route === null ? 0 : (route.part[i] as number)];
      const j = route === null ? i : (route.within[i] as number);
      if (part === undefined || part.skip[j] === 1) continue;
      try {
        if (this.#assignOne(window, part, j, this.watermarks[i] as number)) continue;
        const message = calendarMessage(batch, i, part.timesMs[j] as number);
        deadLetters.push(deadLetterAt(batch, i, 'DECODE_FAILED', message));
      } catch (error) {
        const place = `${batch.topic}[${batch.partition}]@${batch.offsets[i]}`;
        const message = `${place}: customWindows(…) failed: ${(error as Error).message}`;
        deadLetters.push(deadLetterAt(batch, i, 'HANDLER_FAILED', message));
      }
      part.skip[j] = 1;
    }
    this.first[batch.count] = this.#count;
  }

  /**
   * Keeps the clock's numbers in locals: in nullable fields, each event would allocate them anew.
   */
  #routeByTime(
    window: TumblingWindow | CalendarWindow | SlidingWindow,
    batch: RecordBatch,
    { parts, route, deadLetters }: DecodedBatch,
    clock: EventClock,
  ): void {
    const { watermarks, isSingle } = this;
    const limitMs = clock.limitMs(batch);
    const carried = clock.carried(batch);
    const latenessMs = this.#latenessMs;
    let latestMs = clock.maxEventTimeMs ?? Number.NEGATIVE_INFINITY;
    let watermarkMs = clock.watermarkMs ?? Number.NEGATIVE_INFINITY;
    let part = parts[0];
    let events = 0;
    for (let i = 0; i < batch.count; i += 1) {
      if (!isSingle) this.first[i] = this.#count;
      let j = i;
      if (route !== null) {
        part = parts[route.part[i] as number];
        j = route.within[i] as number;
      }
      if (part !== undefined && part.skip[j] !== 1) {
        const timeMs = part.timesMs[j] as number;
        const reachedMs = carried === null ? timeMs - latenessMs : carried(i, timeMs, part.plan);
        const seenMs = Math.max(watermarkMs, reachedMs);
        const refusal = clock.refusal(batch, i, timeMs, limitMs);
        if (refusal !== null) {
          part.skip[j] = 1;
          deadLetters.push(futureLetter(batch, i, timeMs, refusal));
        } else if (
          window.kind === 'tumbling'
            ? this.#routeTumbling(window, i, timeMs, seenMs)
            : this.#routeOther(window, i, timeMs, seenMs)
        ) {
          events += 1;
          watermarkMs = seenMs;
          if (timeMs > latestMs) latestMs = timeMs;
        } else {
          part.skip[j] = 1;
          const message = calendarMessage(batch, i, timeMs);
          deadLetters.push(deadLetterAt(batch, i, 'DECODE_FAILED', message));
        }
      }
      watermarks[i] = watermarkMs;
    }
    if (!isSingle) this.first[batch.count] = this.#count;
    if (events > 0) clock.passed(latestMs, watermarkMs, events);
  }

  /** @returns true if the calendar holds the window */
  #routeTumbling(
    { sizeMs, offsetMs }: TumblingWindow,
    i: number,
    timeMs: number,
    watermarkMs: number,
  ): boolean {
    const startMs = floorTo(timeMs, sizeMs, offsetMs);
    const endMs = startMs + sizeMs;
    this.starts[i] = startMs;
    this.ends[i] = endMs;
    this.kinds[i] = endMs <= watermarkMs ? LATE : OPEN;
    return isInCalendar(startMs, endMs);
  }

  /** @returns true if the calendar holds the time and its windows */
  #routeOther(
    window: CalendarWindow | SlidingWindow,
    i: number,
    timeMs: number,
    watermarkMs: number,
  ): boolean {
    if (window.kind === 'sliding') return this.#routeSliding(window, timeMs, watermarkMs);
    if (!isInCalendar(timeMs, timeMs)) return false;
    const { startMs, endMs } = (this.#calendar as Calendar).windowOf(timeMs);
    this.starts[i] = startMs;
    this.ends[i] = endMs;
    this.kinds[i] = endMs <= watermarkMs ? LATE : OPEN;
    return isInCalendar(startMs, endMs);
  }

  /** Adds one entry for each closed window, and one pane for all open ones. */
  #routeSliding(window: SlidingWindow, timeMs: number, watermarkMs: number): boolean {
    const { sizeMs, everyMs, offsetMs } = window;
    const lastMs = floorTo(timeMs, everyMs, offsetMs);
    let startMs = firstStartAt(window, timeMs);
    if (!isInCalendar(Math.min(startMs, timeMs), Math.max(lastMs + sizeMs, timeMs))) return false;
    for (; startMs <= lastMs && startMs + sizeMs <= watermarkMs; startMs += everyMs) {
      this.#push(startMs, startMs + sizeMs, LATE);
    }
    if (startMs > lastMs) return true;
    this.#push(paneStartAt(window, timeMs), startMs, PANE);
    return true;
  }

  #assignOne(window: CustomWindow, part: SourcePart, j: number, watermarkMs: number): boolean {
    const bounds = customBounds(window, part.timesMs[j] as number, part.eventAt(j));
    for (const { startMs, endMs } of bounds) if (!isInCalendar(startMs, endMs)) return false;
    for (const { startMs, endMs } of bounds) {
      this.#push(startMs, endMs, endMs <= watermarkMs ? LATE : OPEN);
    }
    return true;
  }

  #push(startMs: number, endMs: number, kind: number): void {
    if (this.#count === this.starts.length) this.#grow(2 * this.#count);
    this.starts[this.#count] = startMs;
    this.ends[this.#count] = endMs;
    this.kinds[this.#count] = kind;
    this.#count += 1;
  }

  #makeRoom(count: number): void {
    if (this.watermarks.length < count) this.watermarks = new Float64Array(count);
    if (this.isSingle && this.starts.length < count) this.#grow(count);
    if (!this.isSingle && this.first.length <= count) this.first = new Int32Array(count + 1);
  }

  #grow(capacity: number): void {
    const { starts, ends, kinds } = this;
    this.starts = new Float64Array(capacity);
    this.ends = new Float64Array(capacity);
    this.kinds = new Uint8Array(capacity);
    this.starts.set(starts);
    this.ends.set(ends);
    this.kinds.set(kinds);
  }
}

/** Also false for bounds that are not numbers. */
function isInCalendar(startMs: number, endMs: number): boolean {
  return startMs >= EARLIEST_MS && endMs <= LATEST_MS;
}
