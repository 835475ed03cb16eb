import type { WindowedPlan } from '../../projection/plan.ts';
import type { ColumnValues, RowSet } from '../../projection/row-set.ts';
import type { TablePlan } from '../../projection/table-plan.ts';
import type { SlidingWindow, WindowBounds } from '../../projection/window.ts';
import type { Keys } from '../keys.ts';
import type { TableChange } from '../task-fold.ts';
import type { SourcePart } from '../topic-batch.ts';
import { paneSizeMs, windowsOfPane } from './panes.ts';
import type { WindowCloser } from './window-closer.ts';
import { WindowRows } from './window-rows.ts';

/**
 * The panes of sliding windows: an event goes into one pane, whatever the number of windows it lies in; windows are put together from panes when they are
 * written or closed. Panes are kept in a hidden table until the last of their windows is closed.
 */
export class WindowPanes {
  readonly table: TablePlan;
  readonly rows: WindowRows;
  readonly #window: SlidingWindow;
  readonly #windows: WindowRows;
  readonly #sizeMs: number;
  /** Keys of panes to delete: written before, needed no more. */
  #gone: { readonly keyIds: number[]; readonly starts: number[]; readonly ends: number[] } = none();
  /** Panes evicted up to this watermark. */
  #evictedUntilMs = Number.NEGATIVE_INFINITY;

  private constructor(plan: WindowedPlan, window: SlidingWindow, windows: WindowRows) {
    this.table = plan.tables.find(({ name }) => name === `${plan.name}__panes`) as TablePlan;
    this.rows = new WindowRows(plan, this.table);
    this.#window = window;
    this.#windows = windows;
    this.#sizeMs = paneSizeMs(window);
  }

  /** The panes of a plan; null where its windows need none. */
  static of(plan: WindowedPlan, windows: WindowRows): WindowPanes | null {
    return plan.window.kind === 'sliding' ? new WindowPanes(plan, plan.window, windows) : null;
  }

  get count(): number {
    return this.rows.state.count;
  }

  /** Puts a record down for its pane. A pane that is new, or was written before, makes its open windows be written anew. */
  select(
    part: SourcePart,
    j: number,
    pane: WindowBounds & { readonly keyId: number },
    closer: WindowCloser,
  ): void {
    const { keyId, startMs, endMs } = pane;
    const slot = this.rows.slotOf(keyId, startMs, endMs);
    this.rows.select(part, j, slot);
    if (!this.rows.state.touch(slot)) return;
    for (const window of windowsOfPane(this.#window, startMs)) {
      if (window.endMs <= closer.closedUntilMs) continue;
      closer.stale(this.#windows.slotOf(keyId, window.startMs, window.endMs));
    }
  }

  /** Puts a window's row together from its panes. */
  assemble(slot: number): void {
    const { state } = this.#windows;
    const keyId = state.keyIds[slot] as number;
    const slots: number[] = [];
    const endMs = this.#windows.endOf(slot);
    for (let at = this.#windows.startOf(slot); at < endMs; at += this.#sizeMs) {
      const pane = this.rows.state.find(keyId, at, at + this.#sizeMs);
      if (pane >= 0) slots.push(pane);
    }
    this.#windows.measures.clear(state, slot);
    this.#windows.measures.mergeFrom({ state, slot }, this.rows.measures, {
      state: this.rows.state,
      slots: Int32Array.from(slots),
    });
  }

  absorb(rows: RowSet, keys: Keys): void {
    this.rows.absorb(rows, keys, () => undefined);
  }

  /** Lets panes go whose windows are all closed. Only once the watermark passed a boundary of windows. */
  evict(watermarkMs: number | null, _keys: Keys): void {
    const { everyMs } = this.#window;
    if (watermarkMs === null || watermarkMs < this.#evictedUntilMs + everyMs) return;
    this.#evictedUntilMs = Math.floor(watermarkMs / everyMs) * everyMs;
    const { state } = this.rows;
    for (let slot = 0; slot < state.count; slot += 1) {
      if (this.#untilMs(slot) > watermarkMs) continue;
      this.#gone.keyIds.push(state.keyIds[slot] as number);
      this.#gone.starts.push(this.rows.startOf(slot));
      this.#gone.ends.push(this.rows.endOf(slot));
    }
    if (this.#gone.keyIds.length === 0) return;
    const changed = state.takeChanged();
    const kept = new Set<string>();
    for (const slot of changed) {
      if (this.#untilMs(slot) > watermarkMs) kept.add(this.#nameOf(slot));
    }
    this.rows.compact(
      (slot) => this.#untilMs(slot) > watermarkMs,
      (keyId) => keyId,
    );
    for (let slot = 0; slot < state.count; slot += 1) {
      if (kept.has(this.#nameOf(slot))) state.touch(slot);
    }
  }

  takeChanges(keys: Keys): TableChange | null {
    const gone = this.#gone;
    const changed = this.rows.state.takeChanged();
    this.#gone = none();
    if (changed.length === 0 && gone.keyIds.length === 0) return null;
    const untilMs = (slot: number) => this.#untilMs(slot);
    return {
      table: this.table,
      rows: this.rows.write(keys, changed, { untilMs }),
      deleted: gone.keyIds.length === 0 ? null : this.#keysOf(gone, keys),
    };
  }

  #keysOf(
    gone: { readonly keyIds: number[]; readonly starts: number[]; readonly ends: number[] },
    keys: Keys,
  ): RowSet {
    const columns = new Map(keys.columns(Int32Array.from(gone.keyIds)));
    columns.set('window_start', {
      type: 'timestamptz',
      values: Float64Array.from(gone.starts),
      present: null,
    });
    const named = this.table.columns.filter(({ role }) => role === 'key');
    return {
      count: gone.keyIds.length,
      columns: named.map(({ name }) => columns.get(name) as ColumnValues),
    };
  }

  #untilMs(slot: number): number {
    const [latest] = windowsOfPane(this.#window, this.rows.startOf(slot));
    return latest?.endMs ?? this.rows.endOf(slot);
  }

  #nameOf(slot: number): string {
    return `${this.rows.state.keyIds[slot]} ${this.rows.startOf(slot)}`;
  }
}

function none() {
  return { keyIds: [], starts: [], ends: [] };
}
