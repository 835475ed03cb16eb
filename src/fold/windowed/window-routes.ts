import type { RecordBatch } from '../../log/record-batch.ts';
import type { WindowedPlan } from '../../projection/plan.ts';
import type { EventClock } from '../event-clock.ts';
import { EARLIEST_MS, LATEST_MS } from '../postgres-limits.ts';
import type { DecodedBatch } from '../topic-batch.ts';
import { calendarMessage, deadLetterAt, futureLetter } from '../topic-batch.ts';
import type { AssignWindows } from './assign-windows.ts';
import { windowAssigner } from './assign-windows.ts';
import { paneOf } from './panes.ts';

/** Where an event goes: into a window that is open, into one that is closed (late), or into a pane that open windows share. */
export const OPEN = 0;
export const LATE = 1;
export const PANE = 2;

/**
 * The windows of a batch's records: record i has the entries `first[i] … first[i + 1]`, in the order of the batch. Routing moves the clock record by record, so
 * which window is closed for a record never depends on where batches begin.
 */
export class WindowRoutes {
  readonly #plan: WindowedPlan;
  readonly #assign: AssignWindows;
  first = new Int32Array(1);
  starts = new Float64Array(1024);
  ends = new Float64Array(1024);
  kinds = new Uint8Array(1024);
  /** The watermark once record i was seen. */
  watermarks = new Float64Array(0);
  #count = 0;

  constructor(plan: WindowedPlan) {
    this.#plan = plan;
    this.#assign = windowAssigner(plan.window);
  }

  /** Routes every record; marks as skipped what must not count. */
  route(batch: RecordBatch, decoded: DecodedBatch, clock: EventClock): void {
    if (this.first.length <= batch.count) {
      this.first = new Int32Array(batch.count + 1);
      this.watermarks = new Float64Array(batch.count);
    }
    this.#count = 0;
    const { parts, route, deadLetters } = decoded;
    const limitMs = clock.limitMs(batch);
    for (let i = 0; i < batch.count; i += 1) {
      this.first[i] = this.#count;
      const part = parts[route === null ? 0 : (route.part[i] as number)];
      const j = route === null ? i : (route.within[i] as number);
      if (part !== undefined && part.skip[j] !== 1) {
        const timeMs = part.timesMs[j] as number;
        const refusal = clock.refusal(batch, i, timeMs, limitMs);
        if (refusal !== null) {
          part.skip[j] = 1;
          deadLetters.push(futureLetter(batch, i, timeMs, refusal));
        } else {
          try {
            this.#routeOne(timeMs, () => part.eventAt(j), clock);
          } catch (error) {
            part.skip[j] = 1;
            this.#count = this.first[i] as number;
            const isCalendar = error instanceof BeyondCalendar;
            const message = isCalendar
              ? calendarMessage(batch, i, timeMs)
              : `the function for windows failed: ${(error as Error).message}`;
            const reason = isCalendar ? 'DECODE_FAILED' : 'HANDLER_FAILED';
            deadLetters.push(deadLetterAt(batch, i, reason, message));
          }
        }
      }
      this.watermarks[i] = clock.watermarkMs ?? Number.NEGATIVE_INFINITY;
    }
    this.first[batch.count] = this.#count;
  }

  #routeOne(timeMs: number, event: () => unknown, clock: EventClock): void {
    const before = this.#count;
    const { window } = this.#plan;
    const pane = window.kind === 'sliding' ? paneOf(window, timeMs) : null;
    let open = 0;
    this.#assign(timeMs, event, (startMs, endMs) => this.#push(startMs, endMs, OPEN));
    clock.see(timeMs);
    const watermarkMs = clock.watermarkMs as number;
    let kept = before;
    for (let entry = before; entry < this.#count; entry += 1) {
      const isLate = (this.ends[entry] as number) <= watermarkMs;
      if (!isLate) open += 1;
      if (!isLate && pane !== null) continue;
      this.starts[kept] = this.starts[entry] as number;
      this.ends[kept] = this.ends[entry] as number;
      this.kinds[kept] = isLate ? LATE : OPEN;
      kept += 1;
    }
    this.#count = kept;
    if (pane !== null && open > 0) this.#push(pane.startMs, pane.endMs, PANE);
  }

  #push(startMs: number, endMs: number, kind: number): void {
    if (!(startMs >= EARLIEST_MS && endMs <= LATEST_MS)) throw new BeyondCalendar();
    if (this.#count === this.starts.length) this.#grow();
    this.starts[this.#count] = startMs;
    this.ends[this.#count] = endMs;
    this.kinds[this.#count] = kind;
    this.#count += 1;
  }

  #grow(): void {
    const capacity = this.starts.length * 2;
    const grown = (from: Float64Array) => {
      const to = new Float64Array(capacity);
      to.set(from);
      return to;
    };
    this.starts = grown(this.starts);
    this.ends = grown(this.ends);
    const kinds = new Uint8Array(capacity);
    kinds.set(this.kinds);
    this.kinds = kinds;
  }
}

/** A window that Postgres cannot hold. */
class BeyondCalendar extends Error {}
