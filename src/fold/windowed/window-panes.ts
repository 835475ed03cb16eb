import type { WindowedPlan } from '../../projection/plan/plan.ts';
import type { SlidingWindow } from '../../projection/plan/window-plan.ts';
import type { SourcePart } from '../batch/topic-batches.ts';
import { floorTo } from './pane-start-at.ts';
import { WindowRows } from './window-rows.ts';

const NO_SLOT = -1;

/**
 * A pane of a key. Events that came before and after one of its windows was closed are in two
 * panes, because they belong to different windows.
 */
export interface Pane {
  readonly keyId: number;
  readonly startMs: number;
  /** Start of the first of its open windows. */
  readonly firstOpenMs: number;
}

/**
 * The panes of sliding windows: an event is accumulated once, in its pane, whatever the number of
 * windows that contain it. A pane holds the events since the last `settle`, which merges it into
 * all of its windows. So window rows are complete whenever they are written or closed, panes need
 * no table, and none exist in between.
 */
export class WindowPanes {
  readonly #window: SlidingWindow;
  readonly #windows: WindowRows;
  readonly #panes: WindowRows;
  /** Maximum number of windows that contain a pane. */
  readonly #most: number;
  /** By pane slot, `#most` each: the slots of its open windows; -1 after the last. */
  #windowSlots: Int32Array;

  /** Called with the slots of newly created rows. */
  readonly #onNew: (slot: number) => void;

  constructor(
    plan: WindowedPlan,
    window: SlidingWindow,
    windows: WindowRows,
    onNew: (slot: number) => void,
  ) {
    this.#onNew = onNew;
    this.#window = window;
    this.#windows = windows;
    this.#panes = new WindowRows(plan, windows);
    this.#most = Math.ceil(window.sizeMs / window.everyMs);
    this.#windowSlots = new Int32Array(64 * this.#most);
  }

  get count(): number {
    return this.#panes.state.count;
  }

  /**
   * Selects a record for its pane. A new pane creates rows for its windows, and marks them as
   * changed.
   */
  select(part: SourcePart, j: number, pane: Pane): void {
    const known = this.#panes.state.count;
    const slot = this.#panes.state.slotOf(pane.keyId, pane.startMs, pane.firstOpenMs);
    if (slot === known) this.#findWindows(slot, pane);
    this.#panes.select(part, j, slot);
  }

  /** Accumulates all selected records. */
  drain(parts: readonly SourcePart[]): void {
    this.#panes.drain(parts);
  }

  /**
   * Merges every pane into its windows and removes it. All selected records must have been drained.
   */
  settle(): void {
    const { state } = this.#panes;
    if (state.count === 0) return;
    const capacity = state.count * this.#most;
    const from = new Int32Array(capacity);
    const into = new Int32Array(capacity);
    let count = 0;
    for (let i = 0; i < capacity; i += 1) {
      const windowSlot = this.#windowSlots[i] as number;
      if (windowSlot === NO_SLOT) continue;
      from[count] = Math.floor(i / this.#most);
      into[count] = windowSlot;
      count += 1;
    }
    const { measures } = this.#windows;
    measures.mergeRows(this.#windows.state, this.#panes.measures, state, { count, from, into });
    this.#panes.clear();
  }

  #findWindows(slot: number, { keyId, startMs, firstOpenMs }: Pane): void {
    const { sizeMs, everyMs, offsetMs } = this.#window;
    const { state } = this.#windows;
    let at = slot * this.#most;
    const end = at + this.#most;
    if (end > this.#windowSlots.length) {
      const grown = new Int32Array(2 * end);
      grown.set(this.#windowSlots);
      this.#windowSlots = grown;
    }
    this.#windowSlots.fill(NO_SLOT, at, end);
    const lastMs = floorTo(startMs, everyMs, offsetMs);
    for (let from = firstOpenMs; from <= lastMs; from += everyMs) {
      const known = state.count;
      const windowSlot = this.#windows.slotOf(keyId, from, from + sizeMs);
      if (windowSlot === known) this.#onNew(windowSlot);
      state.touch(windowSlot);
      this.#windowSlots[at] = windowSlot;
      at += 1;
    }
  }
}
