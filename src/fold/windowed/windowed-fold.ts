import type { RecordBatch } from '../../log/record-batch.ts';
import type { WindowedPlan } from '../../projection/plan.ts';
import type { ColumnValues, RowSet } from '../../projection/row-set.ts';
import type { TablePlan } from '../../projection/table-plan.ts';
import { EventClock } from '../event-clock.ts';
import { Keys } from '../keys.ts';
import { internKeys } from '../part-keys.ts';
import type {
  DeadLetter,
  FoldChanges,
  LateEvent,
  MissingRows,
  RowsAfter,
  TableChange,
  TaskFold,
  TaskFoldOptions,
  UnresolvedSchema,
} from '../task-fold.ts';
import type { DecodedBatch, SourcePart } from '../topic-batch.ts';
import { lateEventAt, TopicBatches } from '../topic-batch.ts';
import { Baselines } from './baselines.ts';
import { WindowCloser } from './window-closer.ts';
import { WindowPanes } from './window-panes.ts';
import { LATE, PANE, WindowRoutes } from './window-routes.ts';
import { WindowRows } from './window-rows.ts';

/** Keys remembered at most beyond those of rows in memory. */
const SPARE_KEYS_MAX = 100_000;

/**
 * Folds a windowed plan, column by column (ADR 0004). Between `prepare` and `apply` it holds one decoded batch. In live mode every row whose window ends after
 * `#completeAfterMs` is in memory, if it exists at all; rows of earlier windows are asked for by `prepare`. Where something depends on the moment a window
 * closes (`WindowCloser`), a batch is accumulated in stretches between such moments.
 */
export class WindowedFold implements TaskFold {
  readonly #plan: WindowedPlan;
  readonly #live: boolean;
  readonly #topics: TopicBatches;
  readonly #clock: EventClock;
  readonly #routes: WindowRoutes;
  readonly #rows: WindowRows;
  readonly #panes: WindowPanes | null;
  readonly #closer: WindowCloser | null;
  readonly #baselines: Baselines;
  #keys: Keys;
  readonly #keyIds: Int32Array[];
  #prepared: { readonly batch: RecordBatch; readonly decoded: DecodedBatch } | null = null;
  #lateEvents: LateEvent[] = [];
  #completeAfterMs: number;
  #rowsAfterCompaction = 0;
  lateCount = 0;

  constructor(plan: WindowedPlan, options: TaskFoldOptions) {
    this.#plan = plan;
    this.#live = options.mode === 'live';
    this.#clock = new EventClock(plan, options.clock);
    this.#completeAfterMs = this.watermarkMs ?? Number.NEGATIVE_INFINITY;
    this.#topics = new TopicBatches(plan, options.clock.nowMs);
    this.#routes = new WindowRoutes(plan);
    this.#keys = new Keys(plan.keys);
    this.#keyIds = plan.sources.map(() => new Int32Array(0));
    this.#rows = new WindowRows(plan, plan.table);
    this.#panes = WindowPanes.of(plan, this.#rows);
    this.#baselines = new Baselines(plan);
    this.#closer = WindowCloser.of({
      plan,
      rows: this.#rows,
      panes: this.#panes,
      baselines: this.#baselines,
      closedUntilMs: this.#completeAfterMs,
    });
  }

  get maxEventTimeMs(): number | null {
    return this.#clock.maxEventTimeMs;
  }

  get watermarkMs(): number | null {
    return this.#clock.watermarkMs;
  }

  get rowCount(): number {
    return this.#rows.state.count + (this.#panes?.count ?? 0);
  }

  get stateSize(): number {
    if (this.#closer !== null) return this.#closer.openCount;
    const watermarkMs = this.watermarkMs ?? Number.NEGATIVE_INFINITY;
    let open = 0;
    for (let slot = 0; slot < this.#rows.state.count; slot += 1) {
      if (this.#rows.endOf(slot) > watermarkMs) open += 1;
    }
    return open;
  }

  preload(): readonly RowsAfter[] {
    if (!this.#live || this.watermarkMs === null) return [];
    const { table } = this.#plan;
    const afterMs = this.#completeAfterMs;
    const wanted: RowsAfter[] = [{ table, column: 'window_end', afterMs }];
    if (this.#panes !== null) {
      wanted.push({ table: this.#panes.table, column: '_until', afterMs });
    }
    if (this.#baselines.table !== null) {
      wanted.push({ table: this.#baselines.table, column: null, afterMs: 0 });
    }
    return wanted;
  }

  unresolvedSchemas(batch: RecordBatch): readonly UnresolvedSchema[] {
    return this.#topics.unresolvedSchemas(batch);
  }

  resolveSchema(schemaId: number, schema: string | Error): void {
    this.#topics.resolve(schemaId, schema);
  }

  prepare(batch: RecordBatch): readonly MissingRows[] {
    const decoded = this.#topics.decode(batch);
    this.#routes.route(batch, decoded, this.#clock);
    this.#topics.filter(decoded);
    for (const part of decoded.parts) {
      this.#keyIds[part.source] = internKeys(
        { plan: this.#plan, keys: this.#keys },
        part,
        this.#keyIds[part.source] as Int32Array,
        decoded.deadLetters,
      );
      this.#rows.measures.prepare(part, decoded.deadLetters);
      this.#panes?.rows.measures.prepare(part, decoded.deadLetters);
    }
    this.#prepared = { batch, decoded };
    const keys = this.#missingRows(batch, decoded);
    return keys === null ? [] : [{ table: this.#plan.table, keys, bound: null }];
  }

  absorb(table: TablePlan, rows: RowSet): void {
    if (table === this.#panes?.table) this.#panes.absorb(rows, this.#keys);
    else if (table === this.#baselines.table) this.#baselines.absorb(rows, this.#keys);
    else this.#rows.absorb(rows, this.#keys, (slot) => this.#closer?.track(slot));
  }

  apply(batch: RecordBatch): readonly DeadLetter[] {
    const prepared = this.#prepared;
    if (prepared === null || prepared.batch !== batch) throw new TypeError('apply without prepare');
    this.#prepared = null;
    const { parts, route, deadLetters } = prepared.decoded;
    const { first, watermarks } = this.#routes;
    for (let i = 0; i < batch.count; i += 1) {
      if (this.#closer !== null) this.#passTime(parts, watermarks[i] as number, this.#closer);
      const part = parts[route === null ? 0 : (route.part[i] as number)];
      const j = route === null ? i : (route.within[i] as number);
      if (part === undefined || part.skip[j] === 1) continue;
      let isLate = false;
      for (let entry = first[i] as number; entry < (first[i + 1] as number); entry += 1) {
        if (this.#take(parts, { part, j, i, entry }) === LATE) isLate = true;
      }
      if (isLate) this.lateCount += 1;
    }
    this.#drain(parts);
    this.#panes?.evict(this.watermarkMs, this.#keys);
    return deadLetters.sort((a, b) => Number(a.offset - b.offset));
  }

  tick(quietMs: number): void {
    this.#clock.tick(quietMs);
    if (this.watermarkMs === null) return;
    this.#closer?.close(this.watermarkMs, this.#keys);
    this.#panes?.evict(this.watermarkMs, this.#keys);
  }

  takeChanges(): FoldChanges {
    this.#closer?.refresh();
    const rows = this.#takeRows();
    const tables: TableChange[] = [];
    if (rows.count > 0) tables.push({ table: this.#plan.table, rows, deleted: null });
    const panes = this.#panes?.takeChanges(this.#keys) ?? null;
    if (panes !== null) tables.push(panes);
    const baselines = this.#baselines.takeChanged(this.#keys);
    if (baselines !== null) {
      tables.push({ table: this.#baselines.table as TablePlan, rows: baselines, deleted: null });
    }
    const lateEvents = this.#lateEvents;
    this.#lateEvents = [];
    return { tables, lateEvents, emissions: this.#closer?.takeEmissions() ?? [] };
  }

  committed(): void {
    const { state } = this.#rows;
    if (!this.#live || state.count < 2 * this.#rowsAfterCompaction + 4096) return;
    const watermarkMs = this.watermarkMs ?? Number.NEGATIVE_INFINITY;
    const old = this.#keys;
    // Panes and baselines remember keys by their ids: those are not renumbered then.
    const fresh =
      this.#panes === null &&
      this.#baselines.table === null &&
      old.count > 2 * state.count + SPARE_KEYS_MAX
        ? new Keys(this.#plan.keys)
        : null;
    this.#rows.compact(
      (slot) => this.#rows.endOf(slot) > watermarkMs,
      (keyId) => (fresh === null ? keyId : fresh.idOf(old.partsOf(keyId))),
    );
    this.#keys = fresh ?? old;
    this.#closer?.trackAll();
    this.#completeAfterMs = Math.max(this.#completeAfterMs, watermarkMs);
    this.#rowsAfterCompaction = state.count;
  }

  #takeRows(): RowSet {
    const isClosed = (slot: number) => this.#closer?.isClosed(slot) ?? false;
    const { state } = this.#rows;
    if (this.#live) return this.#rows.write(this.#keys, state.takeChanged(), { isClosed });
    const all = Int32Array.from({ length: state.count }, (_, slot) => slot);
    const rows = this.#rows.write(this.#keys, all, { isClosed });
    this.#rows.clear();
    if (this.#keys.count > SPARE_KEYS_MAX) this.#keys.clear();
    return rows;
  }

  /** Takes one entry of record i into its row or pane, or sets it aside as late. @returns its kind */
  #take(
    parts: readonly SourcePart[],
    at: {
      readonly part: SourcePart;
      readonly j: number;
      readonly i: number;
      readonly entry: number;
    },
  ): number {
    const { part, j, i, entry } = at;
    const { kinds, starts, ends, watermarks } = this.#routes;
    const kind = kinds[entry] as number;
    const startMs = starts[entry] as number;
    const endMs = ends[entry] as number;
    const keyId = this.#keyIds[part.source]?.[j] as number;
    if (kind === PANE) {
      this.#panes?.select(part, j, { keyId, startMs, endMs }, this.#closer as WindowCloser);
      return kind;
    }
    if (kind === LATE && this.#plan.late === 'reject') {
      this.#lateEvents.push(
        lateEventAt(part, j, {
          watermarkMs: watermarks[i] as number,
          window: { startMs, endMs },
          key: this.#keys.partsOf(keyId).map(String),
        }),
      );
      return kind;
    }
    const slot = this.#rows.slotOf(keyId, startMs, endMs);
    this.#rows.select(part, j, slot);
    if (this.#live) this.#rows.state.touch(slot);
    if (kind === LATE) {
      const offset = part.batch.offsets[j] as number;
      this.#rows.revise(slot, offset);
      if (this.#closer?.tellsRevisions === true) {
        this.#drain(parts);
        this.#closer.revised(slot, offset, this.#keys);
      }
    } else this.#closer?.track(slot);
    return kind;
  }

  /** The watermark of the next record: windows that it closes are closed with what came before. */
  #passTime(parts: readonly SourcePart[], watermarkMs: number, closer: WindowCloser): void {
    if (watermarkMs < closer.nextCloseMs) {
      closer.reach(watermarkMs);
      return;
    }
    this.#drain(parts);
    closer.close(watermarkMs, this.#keys);
  }

  #drain(parts: readonly SourcePart[]): void {
    this.#rows.drain(parts);
    this.#panes?.rows.drain(parts);
  }

  /** Keys of rows in windows that memory does not hold completely, and that it does not have. */
  #missingRows(batch: RecordBatch, { parts, route }: DecodedBatch): RowSet | null {
    if (!this.#live) return null;
    const missing = { ids: [] as number[], starts: [] as number[], ends: [] as number[] };
    const seen = new Set<string>();
    const { first, starts, ends, kinds } = this.#routes;
    for (let i = 0; i < batch.count; i += 1) {
      const part = parts[route === null ? 0 : (route.part[i] as number)];
      const j = route === null ? i : (route.within[i] as number);
      if (part === undefined || part.skip[j] === 1) continue;
      for (let entry = first[i] as number; entry < (first[i + 1] as number); entry += 1) {
        const endMs = ends[entry] as number;
        if (kinds[entry] === PANE || endMs > this.#completeAfterMs) continue;
        const keyId = this.#keyIds[part.source]?.[j] as number;
        const startMs = starts[entry] as number;
        const id = `${keyId} ${startMs} ${endMs}`;
        if (seen.has(id) || this.#rows.state.find(keyId, startMs, endMs) >= 0) continue;
        seen.add(id);
        missing.ids.push(keyId);
        missing.starts.push(startMs);
        missing.ends.push(endMs);
      }
    }
    if (missing.ids.length === 0) return null;
    const columns = new Map<string, ColumnValues>(this.#keys.columns(Int32Array.from(missing.ids)));
    for (const [name, list] of [
      ['window_start', missing.starts],
      ['window_end', missing.ends],
    ] as const) {
      columns.set(name, { type: 'timestamptz', values: Float64Array.from(list), present: null });
    }
    const named = this.#plan.table.columns.filter(({ role }) => role === 'key');
    return {
      count: missing.ids.length,
      columns: named.map(({ name }) => columns.get(name) as ColumnValues),
    };
  }
}
