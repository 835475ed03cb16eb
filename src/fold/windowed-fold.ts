import type { FieldColumn } from '../event/field-columns.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import type { WindowedPlan } from '../projection/plan.ts';
import type { ColumnValues, RowSet } from '../projection/row-set.ts';
import type { TablePlan } from '../projection/table-plan.ts';
import type { Selection } from './accumulator.ts';
import type { PlacedAccumulator } from './create-accumulators.ts';
import { createAccumulators } from './create-accumulators.ts';
import { EventClock } from './event-clock.ts';
import { Keys, keyPartsAt, NULL_KEY } from './keys.ts';
import { EARLIEST_MS, KEY_TEXT_BYTES_MAX, LATEST_MS } from './postgres-limits.ts';
import { REVISED_AT, RowState, WINDOW_START } from './row-state.ts';
import type {
  DeadLetter,
  FoldChanges,
  MissingRows,
  RowsAfter,
  TaskFold,
  TaskFoldOptions,
  UnresolvedSchema,
} from './task-fold.ts';
import type { DecodedBatch, SourcePart } from './topic-batch.ts';
import { deadLetterAt, futureLetter, TopicBatches } from './topic-batch.ts';
import { tumblingOf, writeRows } from './write-rows.ts';

/** Records accumulated per pass: few enough that the rows they touch stay in the processor's cache from one accumulator to the next. */
const CHUNK = 2048;
/** Keys remembered at most beyond those of rows in memory. */
const SPARE_KEYS_MAX = 100_000;

/**
 * Folds a windowed plan, column by column (ADR 0004). Between `prepare` and `apply` it holds one decoded batch. In live mode every row whose window ends after
 * `#completeAfterMs` is in memory, if it exists at all; rows of earlier windows are asked for by `prepare`.
 */
export class WindowedFold implements TaskFold {
  readonly #plan: WindowedPlan;
  readonly #live: boolean;
  readonly #topics: TopicBatches;
  readonly #clock: EventClock;
  readonly #placed: readonly PlacedAccumulator[];
  /** Columns of the batch whose instants become column values. */
  readonly #instants: readonly number[];
  readonly #state: RowState;
  readonly #selection: Selection = {
    count: 0,
    records: new Int32Array(CHUNK),
    slots: new Int32Array(CHUNK),
  };
  #keys: Keys;
  #keyIds = new Int32Array(0);
  #windowStarts = new Float64Array(0);
  #late = new Uint8Array(0);
  #prepared: { readonly batch: RecordBatch; readonly decoded: DecodedBatch } | null = null;
  #completeAfterMs: number;
  #rowsAfterCompaction = 0;
  lateCount = 0;

  constructor(plan: WindowedPlan, options: TaskFoldOptions) {
    this.#plan = plan;
    this.#live = options.mode === 'live';
    this.#clock = new EventClock(plan, options.clock);
    this.#completeAfterMs = this.watermarkMs ?? Number.NEGATIVE_INFINITY;
    this.#topics = new TopicBatches(plan, options.clock.nowMs);
    const { placed, stride } = createAccumulators(plan);
    this.#placed = placed;
    this.#instants = placed.flatMap(({ plan: { kind, field }, fieldIndex }) =>
      (kind === 'min' || kind === 'max') && isInstant(plan, field) ? [fieldIndex] : [],
    );
    this.#state = new RowState(stride);
    this.#keys = new Keys(plan.keys);
  }

  get maxEventTimeMs(): number | null {
    return this.#clock.maxEventTimeMs;
  }

  get watermarkMs(): number | null {
    return this.#clock.watermarkMs;
  }

  get stateSize(): number {
    const watermarkMs = this.watermarkMs ?? Number.NEGATIVE_INFINITY;
    const { stride, numbers, count } = this.#state;
    let open = 0;
    for (let slot = 0; slot < count; slot += 1) {
      if ((numbers[slot * stride + WINDOW_START] as number) + this.#sizeMs > watermarkMs) open += 1;
    }
    return open;
  }

  get rowCount(): number {
    return this.#state.count;
  }

  preload(): readonly RowsAfter[] {
    if (!this.#live || this.watermarkMs === null) return [];
    return [{ table: this.#plan.table, column: 'window_end', afterMs: this.#completeAfterMs }];
  }

  unresolvedSchemas(batch: RecordBatch): readonly UnresolvedSchema[] {
    return this.#topics.unresolvedSchemas(batch);
  }

  resolveSchema(schemaId: number, schema: string | Error): void {
    this.#topics.resolve(schemaId, schema);
  }

  prepare(batch: RecordBatch): readonly MissingRows[] {
    const decoded = this.#topics.decode(batch);
    const part = decoded.parts[0] as SourcePart;
    this.#makeRoom(batch.count);
    this.#routeToWindows(batch, part, decoded.deadLetters);
    this.#topics.filter(decoded);
    const columns = this.#plan.keys.map(
      ({ field }) => part.columns[part.plan.fields.indexOf(field)] as FieldColumn,
    );
    this.#keys.intern(columns, batch.count, part.skip, this.#keyIds);
    this.#refuseBadKeys(batch, part, decoded.deadLetters);
    this.#refuseEarlyInstants(batch, part, decoded.deadLetters);
    this.#prepared = { batch, decoded };
    const missing = this.#missingRows(batch.count, part.skip);
    return missing === null ? [] : [{ table: this.#plan.table, keys: missing, bound: null }];
  }

  absorb(_table: TablePlan, rows: RowSet): void {
    const columns = new Map<string, ColumnValues>(
      this.#plan.table.columns.map(({ name }, c) => [name, rows.columns[c] as ColumnValues]),
    );
    const starts = columns.get('window_start');
    const revised = columns.get('revised_at_offset');
    if (starts?.type !== 'timestamptz' || revised?.type !== 'int8') {
      throw new TypeError('rows without window columns');
    }
    for (let i = 0; i < rows.count; i += 1) {
      const keyId = this.#keys.idOf(keyPartsAt(this.#plan.keys, columns, i));
      const slot = this.#state.slotOf(keyId, starts.values[i] as number);
      if (revised.present?.[i] !== 0) this.#revise(slot, revised.values[i] as number);
      for (const { accumulator } of this.#placed) accumulator.merge(this.#state, slot, columns, i);
    }
  }

  apply(batch: RecordBatch): readonly DeadLetter[] {
    const prepared = this.#prepared;
    if (prepared === null || prepared.batch !== batch) throw new TypeError('apply without prepare');
    this.#prepared = null;
    const { skip, columns } = prepared.decoded.parts[0] as SourcePart;
    const { records, slots } = this.#selection;
    const state = this.#state;
    for (let from = 0; from < batch.count; ) {
      let taken = 0;
      let i = from;
      for (; i < batch.count && taken < CHUNK; i += 1) {
        if (skip[i] === 1) continue;
        const slot = state.slotOf(this.#keyIds[i] as number, this.#windowStarts[i] as number);
        records[taken] = i;
        slots[taken] = slot;
        taken += 1;
        if (this.#live) state.touch(slot);
        if (this.#late[i] === 1) this.#revise(slot, batch.offsets[i] as number);
      }
      from = i;
      this.#selection.count = taken;
      for (const { accumulator, fieldIndex } of this.#placed) {
        accumulator.add(state, this.#selection, columns[fieldIndex]);
      }
    }
    return prepared.decoded.deadLetters.sort((a, b) => Number(a.offset - b.offset));
  }

  tick(quietMs: number): void {
    this.#clock.tick(quietMs);
  }

  takeChanges(): FoldChanges {
    const rows = this.#takeRows();
    const { table } = this.#plan;
    return {
      tables: rows.count === 0 ? [] : [{ table, rows, deleted: null }],
      lateEvents: [],
      emissions: [],
    };
  }

  #takeRows(): RowSet {
    const parts = { plan: this.#plan, keys: this.#keys, state: this.#state, placed: this.#placed };
    if (this.#live) return writeRows(parts, this.#state.takeChanged());
    const rows = writeRows(
      parts,
      Int32Array.from({ length: this.#state.count }, (_, slot) => slot),
    );
    this.#state.clear();
    for (const { accumulator } of this.#placed) accumulator.forget();
    if (this.#keys.count > SPARE_KEYS_MAX) this.#keys.clear();
    return rows;
  }

  committed(): void {
    if (!this.#live || this.#state.count < 2 * this.#rowsAfterCompaction + 4096) return;
    const watermarkMs = this.watermarkMs ?? Number.NEGATIVE_INFINITY;
    const { stride, numbers, keyIds } = this.#state;
    const sizeMs = this.#sizeMs;
    const old = this.#keys;
    const fresh =
      old.count > 2 * this.#state.count + SPARE_KEYS_MAX ? new Keys(this.#plan.keys) : null;
    this.#state.compact(
      (slot) => (numbers[slot * stride + WINDOW_START] as number) + sizeMs > watermarkMs,
      (from, to) => {
        if (fresh !== null) keyIds[to] = fresh.idOf(old.partsOf(keyIds[to] as number));
        for (const { accumulator } of this.#placed) accumulator.move(from, to);
      },
    );
    this.#keys = fresh ?? old;
    for (const { accumulator } of this.#placed) accumulator.forget(this.#state.count);
    this.#completeAfterMs = Math.max(this.#completeAfterMs, watermarkMs);
    this.#rowsAfterCompaction = this.#state.count;
  }

  get #sizeMs(): number {
    return tumblingOf(this.#plan).sizeMs;
  }

  /** Finds each record's window, moves the watermark record by record, marks late ones, refuses future ones. */
  #routeToWindows(
    batch: RecordBatch,
    { skip, timesMs }: SourcePart,
    deadLetters: DeadLetter[],
  ): void {
    const clock = this.#clock;
    const { sizeMs, offsetMs } = tumblingOf(this.#plan);
    const late = this.#late;
    const windowStarts = this.#windowStarts;
    const { count } = batch;
    const limitMs = clock.limitMs(batch);
    for (let i = 0; i < count; i += 1) {
      if (skip[i] === 1) continue;
      const time = timesMs[i] as number;
      const refusal = clock.refusal(batch, i, time, limitMs);
      if (refusal !== null) {
        skip[i] = 1;
        deadLetters.push(futureLetter(batch, i, time, refusal));
        continue;
      }
      const start = Math.floor((time - offsetMs) / sizeMs) * sizeMs + offsetMs;
      if (start < EARLIEST_MS || start + sizeMs > LATEST_MS) {
        skip[i] = 1;
        deadLetters.push(deadLetterAt(batch, i, 'DECODE_FAILED', calendarMessage(batch, i, time)));
        continue;
      }
      clock.see(time);
      windowStarts[i] = start;
      late[i] = start + sizeMs <= (clock.watermarkMs as number) ? 1 : 0;
    }
  }

  #refuseBadKeys(batch: RecordBatch, { skip }: SourcePart, deadLetters: DeadLetter[]): void {
    for (let i = 0; i < batch.count; i += 1) {
      const id = this.#keyIds[i] as number;
      if (skip[i] === 1 || id >= 0) continue;
      skip[i] = 1;
      const place = `${batch.topic}[${batch.partition}]@${batch.offsets[i]}`;
      const key = `the key (${this.#plan.keys.map(({ field }) => field).join(', ')}) of ${this.#plan.name}`;
      deadLetters.push(
        id === NULL_KEY
          ? deadLetterAt(batch, i, 'NULL_KEY', `${place}: ${key} is null.`)
          : deadLetterAt(
              batch,
              i,
              'DECODE_FAILED',
              `${place}: ${key} is not what Postgres can hold as a key: UTF-8 without zero characters, ${KEY_TEXT_BYTES_MAX} bytes at most; days from 4713 BC.`,
            ),
      );
    }
  }

  /** Refuses records whose measured instants Postgres could not hold. */
  #refuseEarlyInstants(
    batch: RecordBatch,
    { skip, columns }: SourcePart,
    deadLetters: DeadLetter[],
  ): void {
    for (const fieldIndex of this.#instants) {
      const column = columns[fieldIndex];
      if (column?.kind !== 'number') continue;
      for (let i = 0; i < batch.count; i += 1) {
        if (skip[i] === 1 || column.present?.[i] === 0) continue;
        const instant = column.values[i] as number;
        if (instant >= EARLIEST_MS) continue;
        skip[i] = 1;
        deadLetters.push(
          deadLetterAt(batch, i, 'DECODE_FAILED', calendarMessage(batch, i, instant)),
        );
      }
    }
  }

  /** Keys of rows in windows that memory does not hold completely, and that it does not have. */
  #missingRows(count: number, skip: Uint8Array): RowSet | null {
    const missing = { ids: [] as number[], starts: [] as number[] };
    const seen = new Set<string>();
    for (let i = 0; i < count; i += 1) {
      if (skip[i] === 1) continue;
      if (this.#late[i] === 1) this.lateCount += 1;
      const start = this.#windowStarts[i] as number;
      if (!this.#live || start + this.#sizeMs > this.#completeAfterMs) continue;
      const keyId = this.#keyIds[i] as number;
      const id = `${keyId} ${start}`;
      if (seen.has(id) || this.#state.find(keyId, start) >= 0) continue;
      seen.add(id);
      missing.ids.push(keyId);
      missing.starts.push(start);
    }
    if (missing.ids.length === 0) return null;
    const keyColumns = new Map(this.#keys.columns(Int32Array.from(missing.ids)));
    keyColumns.set('window_start', {
      type: 'timestamptz',
      values: Float64Array.from(missing.starts),
      present: null,
    });
    const named = this.#plan.table.columns.filter(({ role }) => role === 'key');
    return {
      count: missing.ids.length,
      columns: named.map(({ name }) => keyColumns.get(name) as ColumnValues),
    };
  }

  #revise(slot: number, offset: number): void {
    const index = slot * this.#state.stride + REVISED_AT;
    const before = this.#state.numbers[index] as number;
    if (!(before >= offset)) this.#state.numbers[index] = offset;
  }

  #makeRoom(count: number): void {
    if (this.#keyIds.length >= count) return;
    this.#keyIds = new Int32Array(count);
    this.#windowStarts = new Float64Array(count);
    this.#late = new Uint8Array(count);
  }
}

function isInstant({ sources }: WindowedPlan, name: string): boolean {
  const field = sources[0]?.event.fields.find((each) => each.name === name);
  return field?.type.kind === 'timestamp-millis';
}

function calendarMessage(batch: RecordBatch, i: number, timeMs: number): string {
  const place = `${batch.topic}[${batch.partition}]@${batch.offsets[i]}`;
  return `${place}: ${timeMs} ms, or its window, lies beyond the calendar (4713 BC to ${new Date(LATEST_MS).toISOString()}).`;
}
