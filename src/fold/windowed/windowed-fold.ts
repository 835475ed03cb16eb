import type { RecordBatch } from '../../log/record-batch.ts';
import type { WindowedPlan } from '../../projection/plan/plan.ts';
import type { RowSet, TableRows } from '../../projection/plan/row-set.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import type { EventClock } from '../batch/event-clock.ts';
import type { KindFold } from '../batch/fold-frame.ts';
import { LateEvents } from '../batch/late-events.ts';
import { RecordKeys } from '../batch/record-keys.ts';
import type { DecodedBatch, SourcePart } from '../batch/topic-batches.ts';
import { GeneratedFold } from '../generated/generated-fold.ts';
import { Keys, UNUSED_KEYS_MAX } from '../rows/keys.ts';
import { PackedMemory } from '../rows/packed-column.ts';
import type { MissingRows, RowsAfter, TableChange, TaskFoldOptions } from '../task/task-fold.ts';
import { Baselines } from './baselines.ts';
import { slotsInKeyOrder } from './slots-in-key-order.ts';
import { WindowCloser } from './window-closer.ts';
import { windowKeys } from './window-keys.ts';
import { WindowPanes } from './window-panes.ts';
import { LATE, WindowRoutes } from './window-routes.ts';
import { WindowRows } from './window-rows.ts';

/**
 * Folds a windowed plan, column by column (ADR 0004). In live mode every existing row whose window
 * ends after `#completeAfterMs` is in memory; `prepare` requests rows of earlier windows. If
 * results depend on the moment a window closes (`WindowCloser`), a batch is accumulated in the
 * ranges between such moments.
 */
export class WindowedFold implements KindFold {
  readonly #plan: WindowedPlan;
  readonly #live: boolean;
  readonly #clock: EventClock;
  readonly times: WindowRoutes;
  readonly late = new LateEvents();
  /** Null: every batch is folded column by column. */
  readonly generated: GeneratedFold | null;
  readonly #rows: WindowRows;
  readonly #panes: WindowPanes | null;
  readonly #closer: WindowCloser | null;
  readonly #baselines: Baselines;
  readonly #onNew: (slot: number) => void;
  readonly #keys: Keys;
  readonly #recordKeys: RecordKeys;
  #completeAfterMs: number;
  #rowsAfterCompaction = 0;
  readonly #memory = new PackedMemory();

  constructor(plan: WindowedPlan, options: TaskFoldOptions, clock: EventClock) {
    this.#plan = plan;
    this.#live = options.mode === 'live';
    this.#clock = clock;
    this.#completeAfterMs = clock.watermarkMs ?? Number.NEGATIVE_INFINITY;
    this.times = new WindowRoutes(plan);
    this.#keys = new Keys(plan.keys);
    this.#recordKeys = new RecordKeys(plan, this.#keys);
    this.#rows = new WindowRows(plan);
    this.#baselines = new Baselines(plan);
    this.#closer = WindowCloser.of({
      plan,
      rows: this.#rows,
      baselines: this.#baselines,
      closedUntilMs: this.#completeAfterMs,
    });
    this.#onNew = this.#closer?.track ?? (() => undefined);
    const { window } = plan;
    const isSliding = window.kind === 'sliding';
    this.#panes = isSliding ? new WindowPanes(plan, window, this.#rows, this.#onNew) : null;
    const target = { keys: this.#keys, rows: this.#rows, clock };
    this.generated = this.#isGenerated(options) ? GeneratedFold.of(plan, target) : null;
  }

  get rowCount(): number {
    return this.#rows.state.count + (this.#panes?.count ?? 0);
  }

  get keyCount(): number {
    return this.#keys.count;
  }

  get stateSize(): number {
    if (this.#closer !== null) return this.#closer.openCount;
    const watermarkMs = this.#clock.watermarkMs ?? Number.NEGATIVE_INFINITY;
    let open = 0;
    for (let slot = 0; slot < this.#rows.state.count; slot += 1) {
      if (this.#rows.endOf(slot) > watermarkMs) open += 1;
    }
    return open;
  }

  preload(): readonly RowsAfter[] {
    if (!this.#live || this.#clock.watermarkMs === null) return [];
    const { table } = this.#plan;
    const afterMs = this.#completeAfterMs;
    const wanted: RowsAfter[] = [{ table, column: 'window_end', afterMs }];
    if (this.#baselines.table !== null) {
      wanted.push({ table: this.#baselines.table, column: null, afterMs: 0 });
    }
    return wanted;
  }

  prepare(batch: RecordBatch, decoded: DecodedBatch): readonly MissingRows[] {
    this.times.assign(batch, decoded);
    for (const part of decoded.parts) {
      this.#recordKeys.intern(part, decoded.deadLetters);
      this.#rows.measures.prepare(part, decoded.deadLetters);
    }
    const keys = this.#missingRows(batch, decoded);
    return keys === null ? [] : [{ table: this.#plan.table, keys, bound: null }];
  }

  absorb(table: TablePlan, rows: RowSet): void {
    if (table === this.#baselines.table) this.#baselines.absorb(rows, this.#keys);
    else this.#rows.absorb(rows, this.#keys, this.#onNew);
  }

  take(batch: RecordBatch, decoded: DecodedBatch): void {
    if (this.times.isSingle && this.#closer === null && this.#plan.late === 'revise') {
      this.#takeAll(batch, decoded);
    } else this.#takeInOrder(batch, decoded);
    this.#drain(decoded.parts);
  }

  passTime(watermarkMs: number): void {
    if (this.#closer !== null) this.#closeUntil([], watermarkMs, this.#closer);
  }

  takeChanges() {
    this.#panes?.settle();
    const rows = this.#takeRows();
    const tables: TableChange[] = [];
    if (rows.count > 0) tables.push({ table: this.#plan.table, rows, deleted: null });
    const baselines = this.#baselines.takeChanged(this.#keys);
    if (baselines !== null) {
      tables.push({ table: this.#baselines.table as TablePlan, rows: baselines, deleted: null });
    }
    return { tables, emissions: this.#closer?.takeEmissions() ?? [], deadLetters: [] };
  }

  committed(): void {
    this.#keys.release();
    const { state } = this.#rows;
    this.#memory.leave();
    if (!this.#live) return;
    // Baselines refer to keys by their ids, and need all of them: those are not renumbered.
    const rename = this.#baselines.table === null ? this.#keys.renumber(state.count) : null;
    if (rename === null && state.count < 2 * this.#rowsAfterCompaction + 4096) return;
    const watermarkMs = this.#clock.watermarkMs ?? Number.NEGATIVE_INFINITY;
    this.#rows.compact(
      (slot) => this.#rows.endOf(slot) > watermarkMs,
      rename ?? ((keyId) => keyId),
    );
    this.#closer?.trackAll();
    this.#completeAfterMs = Math.max(this.#completeAfterMs, watermarkMs);
    this.#rowsAfterCompaction = state.count;
  }

  /**
   * True if code is generated. Only in rebuilds: live, a batch is checked for missing rows before
   * it is folded, and against the owner's clock.
   */
  #isGenerated({ mode, clock, generatedCode = true }: TaskFoldOptions): boolean {
    const isReplay = mode === 'partial' && clock.nowMs === null && clock.wasRefused === undefined;
    return generatedCode && isReplay && this.#closer === null && this.#panes === null;
  }

  #takeRows(): TableRows {
    const isClosed = this.#closer?.isClosed ?? (() => false);
    const { state } = this.#rows;
    if (this.#live) return this.#rows.write(this.#keys, state.takeChanged(), isClosed);
    const slots = slotsInKeyOrder(this.#keys, state);
    const memory = this.#memory.take(slots.length * state.stride);
    const rows = this.#rows.write(this.#keys, slots, isClosed, memory);
    this.#rows.clear();
    if (this.#keys.count > UNUSED_KEYS_MAX) this.#keys.clear();
    return rows;
  }

  /** Adds every record to its one window, closed or not: nothing depends on the moment. */
  #takeAll(batch: RecordBatch, { parts, route }: DecodedBatch): void {
    const { starts, ends, kinds } = this.times;
    const rows = this.#rows;
    const { state } = rows;
    const live = this.#live;
    let part = parts[0] as SourcePart;
    let keyIds = this.#recordKeys.of(part);
    for (let i = 0; i < batch.count; i += 1) {
      let j = i;
      if (route !== null) {
        const next = parts[route.part[i] as number];
        if (next === undefined) continue;
        part = next;
        j = route.within[i] as number;
        keyIds = this.#recordKeys.of(part);
      }
      if (part.skip[j] === 1) continue;
      const slot = state.slotOf(keyIds[j] as number, starts[i] as number, ends[i] as number);
      rows.select(part, j, slot);
      if (live) state.touch(slot);
      if (kinds[i] !== LATE) continue;
      rows.revise(slot, batch.offsets[i] as number);
      this.late.count += 1;
    }
  }

  /** Adds record by record, closing windows in between. */
  #takeInOrder(batch: RecordBatch, { parts, route }: DecodedBatch): void {
    const { first, watermarks, isSingle } = this.times;
    for (let i = 0; i < batch.count; i += 1) {
      if (this.#closer !== null) this.#closeUntil(parts, watermarks[i] as number, this.#closer);
      const part = parts[route === null ? 0 : (route.part[i] as number)];
      const j = route === null ? i : (route.within[i] as number);
      if (part === undefined || part.skip[j] === 1) continue;
      const end = isSingle ? i + 1 : (first[i + 1] as number);
      let isLate = false;
      for (let entry = isSingle ? i : (first[i] as number); entry < end; entry += 1) {
        if (this.times.kinds[entry] === LATE) {
          isLate = true;
          this.#takeLate(parts, part, j, { entry, watermarkMs: watermarks[i] as number });
        } else this.#takeOpen(part, j, entry);
      }
      if (isLate) this.late.count += 1;
    }
  }

  #takeOpen(part: SourcePart, j: number, entry: number): void {
    const keyId = this.#recordKeys.of(part)[j] as number;
    const startMs = this.times.starts[entry] as number;
    const endMs = this.times.ends[entry] as number;
    if (this.#panes !== null) {
      this.#panes.select(part, j, { keyId, startMs, firstOpenMs: endMs });
      return;
    }
    const { state } = this.#rows;
    const known = state.count;
    const slot = this.#rows.slotOf(keyId, startMs, endMs);
    if (slot === known) this.#onNew(slot);
    this.#rows.select(part, j, slot);
    if (this.#live) state.touch(slot);
  }

  /** Handles a record whose window is closed: revises the row, or rejects the event. */
  #takeLate(
    parts: readonly SourcePart[],
    part: SourcePart,
    j: number,
    at: { readonly entry: number; readonly watermarkMs: number },
  ): void {
    const keyId = this.#recordKeys.of(part)[j] as number;
    const startMs = this.times.starts[at.entry] as number;
    const endMs = this.times.ends[at.entry] as number;
    if (this.#plan.late === 'reject') {
      const window = { startMs, endMs };
      const key = this.#keys.partsOf(keyId);
      this.late.reject(part, j, { watermarkMs: at.watermarkMs, window, key });
      return;
    }
    const { topic, partition } = part.batch;
    const offset = part.batch.offsets[j] as number;
    const slot = this.#rows.slotOf(keyId, startMs, endMs);
    this.#rows.select(part, j, slot);
    this.#rows.revise(slot, offset);
    if (this.#live) this.#rows.state.touch(slot);
    if (this.#closer?.tellsRevisions !== true) return;
    this.#drain(parts);
    this.#closer.revised(slot, { topic, partition, offset }, this.#keys);
  }

  /**
   * Advances the watermark to the next record's: windows that it closes are closed with the records
   * before it.
   */
  #closeUntil(parts: readonly SourcePart[], watermarkMs: number, closer: WindowCloser): void {
    if (watermarkMs < closer.nextCloseMs) {
      closer.reach(watermarkMs);
      return;
    }
    this.#drain(parts);
    this.#panes?.settle();
    closer.close(watermarkMs, this.#keys);
  }

  #drain(parts: readonly SourcePart[]): void {
    this.#rows.drain(parts);
    this.#panes?.drain(parts);
  }

  /** Returns keys of rows in windows that memory does not hold completely, if memory lacks them. */
  #missingRows(batch: RecordBatch, { parts, route }: DecodedBatch): RowSet | null {
    // Rejected events touch no row; all rows of open windows are in memory.
    if (!this.#live || this.#plan.late === 'reject') return null;
    const missing = { ids: [] as number[], starts: [] as number[], ends: [] as number[] };
    const seen = new Set<string>();
    const { first, starts, ends, kinds, isSingle } = this.times;
    const count = isSingle ? batch.count : (first[batch.count] as number);
    for (let entry = 0, i = 0; entry < count; entry += 1) {
      const endMs = ends[entry] as number;
      if (kinds[entry] !== LATE || endMs > this.#completeAfterMs) continue;
      if (isSingle) i = entry;
      else while ((first[i + 1] as number) <= entry) i += 1;
      const part = parts[route === null ? 0 : (route.part[i] as number)];
      const j = route === null ? i : (route.within[i] as number);
      if (part === undefined || part.skip[j] === 1) continue;
      const keyId = this.#recordKeys.of(part)[j] as number;
      const startMs = starts[entry] as number;
      const id = `${keyId} ${startMs} ${endMs}`;
      if (seen.has(id) || this.#rows.state.find(keyId, startMs, endMs) >= 0) continue;
      seen.add(id);
      missing.ids.push(keyId);
      missing.starts.push(startMs);
      missing.ends.push(endMs);
    }
    if (missing.ids.length === 0) return null;
    return windowKeys(this.#plan.table, this.#keys, missing);
  }
}
