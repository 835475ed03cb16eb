import type { RecordBatch } from '../../log/record-batch.ts';
import type { EmissionPlan, SessionPlan } from '../../projection/plan/plan.ts';
import type { ColumnValues, RowSet } from '../../projection/plan/row-set.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import type { EventClock } from '../batch/event-clock.ts';
import { justAfter } from '../batch/event-clock.ts';
import type { KindFold } from '../batch/fold-frame.ts';
import { LateEvents } from '../batch/late-events.ts';
import { RecordKeys } from '../batch/record-keys.ts';
import { RecordTimes } from '../batch/record-times.ts';
import type { DecodedBatch, SourcePart } from '../batch/topic-batches.ts';
import { Keys } from '../rows/keys.ts';
import { EARLIEST_MS } from '../rows/postgres-limits.ts';
import { rowObject } from '../rows/to-column-values.ts';
import { Deadlines } from '../task/deadlines.ts';
import { emissionId, timesBefore } from '../task/emission-id.ts';
import { emissionValue } from '../task/emission-value.ts';
import type { Cause, DeadLetter, Emission, MissingRows, RowsAfter } from '../task/task-fold.ts';
import type { Session } from './session.ts';
import { SessionRows } from './session-rows.ts';

/** One event to add to a session. */
interface Arrival {
  readonly part: SourcePart;
  readonly j: number;
  readonly keyId: number;
  readonly timeMs: number;
  readonly gapMs: number;
  readonly watermarkMs: number;
}

/**
 * Folds a session plan: each event joins the session of its key that it touches, merges sessions
 * that it bridges, or starts one. Sessions close at the record or tick that moves the watermark
 * past them. Memory holds all sessions that an event after `#completeAfterMs` could join; `prepare`
 * requests older ones.
 */
export class SessionFold implements KindFold {
  readonly #plan: SessionPlan;
  readonly #clock: EventClock;
  readonly times = new RecordTimes();
  readonly late = new LateEvents();
  readonly #rows: SessionRows;
  readonly #open = new Deadlines<Session>();
  readonly #keys: Keys;
  readonly #recordKeys: RecordKeys;
  readonly #gaps: Float64Array[];
  #emissions: Emission[] = [];
  #completeAfterMs: number;
  #rowsAfterCompaction = 0;
  #openCount = 0;

  constructor(plan: SessionPlan, clock: EventClock) {
    this.#plan = plan;
    this.#clock = clock;
    this.#rows = new SessionRows(plan);
    this.#keys = new Keys(plan.keys);
    this.#recordKeys = new RecordKeys(plan, this.#keys);
    this.#gaps = plan.sources.map(() => new Float64Array(0));
    this.#completeAfterMs = (clock.watermarkMs ?? Number.NEGATIVE_INFINITY) - 1;
  }

  get rowCount(): number {
    return this.#rows.count;
  }

  get keyCount(): number {
    return this.#keys.count;
  }

  get stateSize(): number {
    return this.#openCount;
  }

  preload(): readonly RowsAfter[] {
    if (this.#clock.watermarkMs === null) return [];
    const afterMs = this.#completeAfterMs;
    // No row ends before the first instant, where a relay may hold the watermark.
    return [{ table: this.#plan.table, column: afterMs < EARLIEST_MS ? null : '_until', afterMs }];
  }

  prepare(_batch: RecordBatch, decoded: DecodedBatch): readonly MissingRows[] {
    for (const part of decoded.parts) {
      this.#recordKeys.intern(part, decoded.deadLetters);
      this.#rows.measures.prepare(part, decoded.deadLetters);
      this.#prepareGaps(part, decoded.deadLetters);
    }
    const missing = this.#missingRows(decoded);
    return missing === null ? [] : [missing];
  }

  absorb(_table: TablePlan, rows: RowSet): void {
    this.#rows.absorb(rows, this.#keys, (session) => {
      if (!session.closed) this.#track(session);
    });
  }

  take(batch: RecordBatch, { parts, route }: DecodedBatch): void {
    const isCut = this.#plan.maxLengthMs !== null;
    for (let i = 0; i < batch.count; i += 1) {
      const watermarkMs = this.times.watermarks[i] as number;
      if (watermarkMs > this.#open.nextMs) this.#close(watermarkMs, parts);
      const part = parts[route === null ? 0 : (route.part[i] as number)];
      const j = route === null ? i : (route.within[i] as number);
      if (part === undefined || part.skip[j] === 1) continue;
      const keyId = this.#recordKeys.of(part)[j] as number;
      const timeMs = part.timesMs[j] as number;
      const gapMs = this.#gapOf(part, j);
      const slot = isCut ? -1 : this.#rows.lengthen(keyId, timeMs, timeMs + gapMs);
      if (slot >= 0) this.#rows.select(part, j, slot);
      else this.#place(parts, { part, j, keyId, timeMs, gapMs, watermarkMs });
    }
    this.#rows.drain(parts);
  }

  passTime(watermarkMs: number): void {
    this.#close(watermarkMs, []);
  }

  takeChanges() {
    const { rows, deleted } = this.#rows.takeChanges(this.#keys);
    const { table } = this.#plan;
    const changes = {
      tables: rows.count === 0 && deleted === null ? [] : [{ table, rows, deleted }],
      emissions: this.#emissions,
      deadLetters: [],
    };
    this.#emissions = [];
    return changes;
  }

  committed(): void {
    this.#keys.release();
    const { count } = this.#rows;
    const rename = this.#keys.renumber(count);
    if (rename === null && count < 2 * this.#rowsAfterCompaction + 4096) return;
    const watermarkMs = this.#clock.watermarkMs ?? Number.NEGATIVE_INFINITY;
    this.#rows.compact(
      (session) => !session.closed || session.untilMs >= watermarkMs,
      rename ?? ((keyId) => keyId),
    );
    this.#completeAfterMs = Math.max(this.#completeAfterMs, watermarkMs - 1);
    this.#rowsAfterCompaction = this.#rows.count;
  }

  /**
   * Finds the session of an event: joins, merges, or starts one. An event is late if its session
   * ends before the watermark even with the event in it (KIP-94's rule). An event that reaches
   * further reopens a closed session, which is published as a correction when it closes.
   */
  #place(parts: readonly SourcePart[], event: Arrival): void {
    const touched = this.#touching(event);
    const untilMs = event.timeMs + event.gapMs;
    const isOpen = untilMs >= event.watermarkMs || touched.some(({ closed }) => !closed);
    const revises = touched[0]?.closed ?? !isOpen;
    if (!isOpen) {
      this.late.count += 1;
      if (this.#plan.late === 'reject') {
        const { startMs, endMs } = touched[0] ?? { startMs: event.timeMs, endMs: event.timeMs };
        const { watermarkMs, keyId } = event;
        const late = { watermarkMs, window: { startMs, endMs }, key: this.#keys.partsOf(keyId) };
        this.late.reject(event.part, event.j, late);
        return;
      }
    }
    const session = this.#join(parts, event, touched);
    session.closed = !isOpen;
    if (isOpen) this.#track(session);
    this.#rows.select(event.part, event.j, session.slot);
    if (!revises) return;
    const offset = event.part.batch.offsets[event.j] as number;
    session.revisedAt = Math.max(session.revisedAt ?? 0, offset);
    if (!isOpen && this.#plan.emissions.some(({ on }) => on === 'revise')) {
      this.#rows.drain(parts);
      const { topic } = event.part.batch;
      this.#emit('revise', session, offset, { records: [{ topic, offset }], dueMs: null });
    }
  }

  /**
   * Returns the sessions of the key whose cover the event's cover touches, earliest first; with a
   * length limit those it may lengthen.
   */
  #touching({ keyId, timeMs, gapMs }: Arrival): Session[] {
    const { maxLengthMs } = this.#plan;
    const touched = this.#rows
      .of(keyId)
      .filter(({ startMs, untilMs }) => timeMs <= untilMs && timeMs + gapMs >= startMs);
    if (maxLengthMs === null || touched.length === 0) return touched;
    const fits = ({ startMs, endMs }: Session) =>
      Math.max(endMs, timeMs) - Math.min(startMs, timeMs) <= maxLengthMs;
    // The latest session that contains the event or that it may lengthen; beyond the limit it
    // starts the next one.
    const last = touched.filter(({ startMs }) => startMs <= timeMs).at(-1);
    if (last !== undefined) return fits(last) ? [last] : [];
    return touched.filter(fits).slice(0, 1);
  }

  #join(parts: readonly SourcePart[], event: Arrival, touched: readonly Session[]): Session {
    const { keyId, timeMs, gapMs, part, j } = event;
    const { topic, partition, offsets } = part.batch;
    const position = { topic, partition, offset: offsets[j] as number };
    const [into, ...others] = touched;
    if (into === undefined) {
      return this.#rows.open({
        keyId,
        startMs: timeMs,
        endMs: timeMs,
        untilMs: timeMs + gapMs,
        first: position,
      });
    }
    if (others.length > 0) this.#rows.drain(parts);
    for (const other of others) {
      if (!other.closed) this.#openCount -= 1;
      other.closed = true;
      this.#rows.absorbInto(into, other);
    }
    const isFirst =
      timeMs < into.startMs ||
      (timeMs === into.startMs &&
        (topic < into.first.topic ||
          (topic === into.first.topic && position.offset < into.first.offset)));
    if (isFirst) this.#rows.begin(into, timeMs, position);
    into.endMs = Math.max(into.endMs, timeMs);
    into.untilMs = Math.max(into.untilMs, timeMs + gapMs);
    return into;
  }

  /** Tracks an open session, to be closed later. */
  #track(session: Session): void {
    session.closed = false;
    if (session.tracked) return;
    session.tracked = true;
    this.#openCount += 1;
    this.#open.add(session.untilMs, session);
  }

  /** Closes every session that ends before the watermark, in the order of their ends. */
  #close(watermarkMs: number, parts: readonly SourcePart[]): void {
    this.#rows.drain(parts);
    while (this.#open.nextMs < watermarkMs) {
      const dueMs = this.#open.nextMs;
      const due = this.#open.takeNext().filter((session) => this.#isDue(session, dueMs));
      due.sort((a, b) =>
        this.#rows.idOf(a, this.#keys) < this.#rows.idOf(b, this.#keys) ? -1 : 1,
      );
      for (const session of due) {
        session.closed = true;
        this.#openCount -= 1;
        this.#rows.touch(session);
        const { revisedAt, first, untilMs } = session;
        const cause = { records: [first], dueMs: justAfter(untilMs) };
        this.#emit(revisedAt === null ? 'close' : 'revise', session, revisedAt, cause);
      }
    }
  }

  /**
   * True if a session is really due: it may have been lengthened since (then it is tracked again),
   * or absorbed.
   */
  #isDue(session: Session, dueMs: number): boolean {
    session.tracked = false;
    if (session.closed) return false;
    if (session.untilMs <= dueMs) return true;
    session.tracked = true;
    this.#open.add(session.untilMs, session);
    return false;
  }

  #emit(
    on: EmissionPlan['on'],
    session: Session,
    offset: number | null,
    { records, dueMs }: Cause,
  ): void {
    const { plan, keys } = { plan: this.#plan, keys: this.#keys };
    const { partition } = session.first;
    // A late event revised the session at once. If time has passed instead, no record is at fault.
    const record = dueMs === null && records[0] ? { ...records[0], partition } : null;
    for (const [i, emission] of plan.emissions.entries()) {
      if (emission.on !== on) continue;
      const row = rowObject(plan.table, this.#rows.write([session], keys), 0);
      const value = emissionValue({ plan, emission, row, record });
      if (value === null || value === undefined) continue;
      const at = [...(offset === null ? [] : [offset]), ...timesBefore(plan.emissions, i)];
      const id = this.#rows.idOf(session, keys);
      this.#emissions.push({
        event: emission.event,
        value,
        id: emissionId(plan.name, emission.event.name, on, id, session.untilMs, ...at),
        timestampMs: session.untilMs,
        cause: { records: records.map(({ topic, offset: at }) => ({ topic, offset: at })), dueMs },
      });
    }
  }

  #gapOf(part: SourcePart, j: number): number {
    const { gap } = this.#plan;
    return gap.kind === 'fixed' ? gap.gapMs : (this.#gaps[part.source]?.[j] as number);
  }

  #prepareGaps(part: SourcePart, deadLetters: DeadLetter[]): void {
    const { gap } = this.#plan;
    if (gap.kind === 'fixed') return;
    const gaps = new Float64Array(part.batch.count);
    this.#gaps[part.source] = gaps;
    part.each(deadLetters, 'the gap', (j) => {
      gaps[j] = gap.gapMs(part.eventAt(j) as never);
    });
  }

  /** Returns stored sessions that events before the memory's horizon may join. */
  #missingRows({ parts }: DecodedBatch): MissingRows | null {
    const earliest = new Map<number, number>();
    for (const part of parts) {
      for (let j = 0; j < part.batch.count; j += 1) {
        const timeMs = part.timesMs[j] as number;
        if (part.skip[j] === 1 || timeMs > this.#completeAfterMs) continue;
        const keyId = this.#recordKeys.of(part)[j] as number;
        earliest.set(keyId, Math.min(earliest.get(keyId) ?? Number.POSITIVE_INFINITY, timeMs));
      }
    }
    if (earliest.size === 0) return null;
    const columns = new Map<string, ColumnValues>(
      this.#keys.columns(Int32Array.from(earliest.keys())),
    );
    return {
      table: this.#plan.table,
      keys: {
        count: earliest.size,
        columns: this.#plan.keys.map(({ column }) => columns.get(column) as ColumnValues),
      },
      bound: { column: '_until', fromMs: Float64Array.from(earliest.values()) },
    };
  }
}
