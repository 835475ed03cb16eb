import type { SessionPlan } from '../../projection/plan/plan.ts';
import type { ColumnValues, RowSet, TableColumn } from '../../projection/plan/row-set.ts';
import type { Selection } from '../aggregate/accumulator.ts';
import { Measures } from '../aggregate/measures.ts';
import type { SourcePart } from '../batch/topic-batches.ts';
import type { Keys } from '../rows/keys.ts';
import { keyPartsAt } from '../rows/keys.ts';
import { ownRows } from '../rows/packed-column.ts';
import { RowState } from '../rows/row-state.ts';
import { emissionId } from '../task/emission-id.ts';
import type { FirstEvent } from './session.ts';
import { CLOSED, END_MS, SESSION_NUMBERS, Session, START_MS, UNTIL_MS } from './session.ts';

const CHUNK = 2048;
const NONE = -1;

/** The sessions of one task in memory, by key in the order of their starts, with their measures. */
export class SessionRows {
  readonly #plan: SessionPlan;
  readonly #measures: Measures;
  readonly #state: RowState;
  /** By key id. */
  #sessions: (Session[] | undefined)[] = [];
  readonly #selections: Selection[];
  #bySlot: (Session | undefined)[] = [];
  /** The slot of a key's latest session, by key id; -1: none. */
  #latest = new Int32Array(1024).fill(NONE);
  /** Rows to delete: absorbed sessions, or those whose id changed. */
  #gone: { readonly keyId: number; readonly id: string }[] = [];
  #serial = 0;
  count = 0;

  constructor(plan: SessionPlan) {
    this.#plan = plan;
    this.#measures = new Measures(plan, SESSION_NUMBERS);
    this.#state = new RowState(SESSION_NUMBERS + this.#measures.width);
    this.#selections = plan.sources.map(() => ({
      count: 0,
      records: new Int32Array(CHUNK),
      slots: new Int32Array(CHUNK),
    }));
  }

  get measures(): Measures {
    return this.#measures;
  }

  /** Returns the sessions of a key, in the order of their starts. */
  of(keyId: number): readonly Session[] {
    return this.#sessions[keyId] ?? [];
  }

  /**
   * Adds an event to the key's latest session, as most events do: earlier sessions end before it
   * starts, so no other is touched.
   * @returns the session's slot, or -1 if the event is not in the latest session after its start,
   * or that one is closed
   */
  lengthen(keyId: number, timeMs: number, untilMs: number): number {
    const slot = keyId < this.#latest.length ? (this.#latest[keyId] as number) : NONE;
    if (slot === NONE) return NONE;
    const { numbers, stride } = this.#state;
    const base = slot * stride;
    if (numbers[base + CLOSED] === 1) return NONE;
    const joinsUntil = numbers[base + UNTIL_MS] as number;
    if (timeMs <= (numbers[base + START_MS] as number) || timeMs > joinsUntil) return NONE;
    if (timeMs > (numbers[base + END_MS] as number)) numbers[base + END_MS] = timeMs;
    if (untilMs > joinsUntil) numbers[base + UNTIL_MS] = untilMs;
    return slot;
  }

  *all(): Iterable<Session> {
    for (const sessions of this.#sessions) if (sessions !== undefined) yield* sessions;
  }

  /** Creates a session without events. */
  open(given: {
    readonly keyId: number;
    readonly startMs: number;
    readonly endMs: number;
    readonly untilMs: number;
    readonly first: FirstEvent;
  }): Session {
    this.#serial += 1;
    const slot = this.#state.slotOf(given.keyId, this.#serial, 0);
    const session = new Session(this.#state, slot, given.first);
    session.startMs = given.startMs;
    session.endMs = given.endMs;
    session.untilMs = given.untilMs;
    session.closed = true;
    this.#bySlot[slot] = session;
    this.#insert(session);
    this.count += 1;
    return session;
  }

  /**
   * Selects record j of a part for the session in a slot; it is accumulated at the next `drain`, at
   * the latest when the chunk is full.
   */
  select(part: SourcePart, j: number, slot: number): void {
    const selection = this.#selections[part.source] as Selection;
    selection.records[selection.count] = j;
    selection.slots[selection.count] = slot;
    selection.count += 1;
    this.#state.touch(slot);
    if (selection.count === CHUNK) this.#accumulate(part, selection);
  }

  drain(parts: readonly SourcePart[]): void {
    for (const part of parts) {
      const selection = this.#selections[part.source] as Selection;
      if (selection.count > 0) this.#accumulate(part, selection);
    }
  }

  #accumulate(part: SourcePart, selection: Selection): void {
    this.#measures.add(this.#state, part, selection);
    selection.count = 0;
  }

  /** Marks a change of the session other than by an event: it was closed. */
  touch(session: Session): void {
    this.#state.touch(session.slot);
  }

  /**
   * Merges a session into another of the same key and deletes its row. All selected records must
   * have been drained.
   */
  absorbInto(into: Session, from: Session): void {
    this.#measures.mergeFrom({ state: this.#state, slot: into.slot }, this.#measures, {
      state: this.#state,
      slots: Int32Array.of(from.slot),
    });
    this.#measures.clear(this.#state, from.slot);
    into.startMs = Math.min(into.startMs, from.startMs);
    into.endMs = Math.max(into.endMs, from.endMs);
    into.untilMs = Math.max(into.untilMs, from.untilMs);
    this.#remove(from);
    if (from.storedId !== null) this.#gone.push({ keyId: from.keyId, id: from.storedId });
    this.#bySlot[from.slot] = undefined;
    this.touch(into);
    this.count -= 1;
  }

  /** Sets the start of a session, and updates the order of the key's sessions. */
  begin(session: Session, startMs: number, first: FirstEvent): void {
    this.#remove(session);
    session.startMs = startMs;
    session.first = first;
    session.id = null;
    this.#insert(session);
  }

  /** Adds stored sessions to memory, except those already there. */
  absorb(rows: RowSet, keys: Keys, onSession: (session: Session) => void): void {
    const columns = new Map<string, ColumnValues>(
      this.#plan.table.columns.map(({ name }, c) => [name, rows.columns[c] as ColumnValues]),
    );
    const number = (name: string, i: number) =>
      (columns.get(name) as { values: Float64Array }).values[i] as number;
    const text = (name: string, i: number) =>
      (columns.get(name) as { values: readonly string[] }).values[i] as string;
    const revised = columns.get('revised_at_offset') as Extract<ColumnValues, { type: 'int8' }>;
    for (let i = 0; i < rows.count; i += 1) {
      const keyId = keys.idOf(keyPartsAt(this.#plan.keys, columns, i));
      const storedId = text('session_id', i);
      if (this.of(keyId).some((session) => session.storedId === storedId)) continue;
      if (this.#gone.some((gone) => gone.keyId === keyId && gone.id === storedId)) continue;
      const [topic, partition, offset] = JSON.parse(text('_first', i)) as [string, number, number];
      const session = this.open({
        keyId,
        startMs: number('started_at', i),
        endMs: number('ended_at', i),
        untilMs: number('_until', i),
        first: { topic, partition, offset },
      });
      session.closed = number('closed', i) !== 0;
      session.revisedAt = revised.present?.[i] === 0 ? null : (revised.values[i] as number);
      session.storedId = storedId;
      this.#measures.merge(this.#state, session.slot, columns, i);
      onSession(session);
    }
  }

  /** Returns rows changed since the last call, and the keys of deleted rows. */
  takeChanges(keys: Keys): { readonly rows: RowSet; readonly deleted: RowSet | null } {
    // The slot of an absorbed session is unused.
    const changed = Array.from(this.#state.takeChanged()).flatMap(
      (slot) => this.#bySlot[slot] ?? [],
    );
    const rows = this.write(changed, keys);
    const written = new Set<string>();
    for (const session of changed) {
      const id = this.idOf(session, keys);
      written.add(`${session.keyId} ${id}`);
      if (session.storedId !== null && session.storedId !== id) {
        this.#gone.push({ keyId: session.keyId, id: session.storedId });
      }
      session.storedId = id;
    }
    const gone = this.#gone.filter(({ keyId, id }) => !written.has(`${keyId} ${id}`));
    this.#gone = [];
    return { rows, deleted: gone.length === 0 ? null : this.#keySet(gone, keys) };
  }

  /** Returns sessions as columns, in the order of the table plan. */
  write(sessions: readonly Session[], keys: Keys): RowSet {
    const slots = Int32Array.from(sessions, ({ slot }) => slot);
    const columns = this.#measures.write(this.#state.copyOf(slots));
    const ids = Int32Array.from(sessions, ({ keyId }) => keyId);
    for (const [name, values] of keys.columns(ids)) columns.set(name, values);
    const instants = (of: (session: Session) => number): ColumnValues => ({
      type: 'timestamptz',
      values: Float64Array.from(sessions, of),
      present: null,
    });
    const texts = (of: (session: Session) => string): ColumnValues => ({
      type: 'text',
      values: sessions.map(of),
      present: null,
    });
    columns.set(
      'session_id',
      texts((session) => this.idOf(session, keys)),
    );
    columns.set(
      'started_at',
      instants(({ startMs }) => startMs),
    );
    columns.set(
      'ended_at',
      instants(({ endMs }) => endMs),
    );
    columns.set(
      '_until',
      instants(({ untilMs }) => untilMs),
    );
    columns.set(
      '_first',
      texts(({ first }) => JSON.stringify([first.topic, first.partition, first.offset])),
    );
    columns.set('duration_ms', {
      type: 'int8',
      values: Float64Array.from(sessions, ({ startMs, endMs }) => endMs - startMs),
      exact: null,
      present: null,
    });
    columns.set('closed', {
      type: 'boolean',
      values: Uint8Array.from(sessions, ({ closed }) => Number(closed)),
      present: null,
    });
    columns.set('revised_at_offset', {
      type: 'int8',
      values: Float64Array.from(sessions, ({ revisedAt }) => revisedAt ?? 0),
      exact: null,
      present: Uint8Array.from(sessions, ({ revisedAt }) => (revisedAt === null ? 0 : 1)),
    });
    return ownRows({
      count: sessions.length,
      columns: this.#plan.table.columns.map(({ name }) => columns.get(name) as TableColumn),
    });
  }

  idOf(session: Session, keys: Keys): string {
    const { topic, partition, offset } = session.first;
    session.id ??= emissionId(
      this.#plan.name,
      ...keys.partsOf(session.keyId),
      topic,
      partition,
      offset,
    );
    return session.id;
  }

  /** Removes sessions for which `keep` is false. Nothing may be marked as changed. */
  compact(keep: (session: Session) => boolean, rename: (keyId: number) => number): void {
    const before = this.#bySlot;
    this.#bySlot = [];
    this.#sessions = [];
    this.#latest.fill(NONE);
    this.#state.compact(
      (slot) => {
        const session = before[slot];
        return session !== undefined && keep(session);
      },
      (from, to) => {
        const session = before[from] as Session;
        this.#state.keyIds[to] = rename(this.#state.keyIds[to] as number);
        this.#measures.move(from, to);
        session.slot = to;
        this.#bySlot[to] = session;
        this.#insert(session);
      },
    );
    this.#measures.forget(this.#state.count);
    this.count = this.#state.count;
  }

  #insert(session: Session): void {
    const { keyId, startMs } = session;
    let sessions = this.#sessions[keyId];
    if (sessions === undefined) {
      sessions = [];
      this.#sessions[keyId] = sessions;
    }
    let at = sessions.length;
    while (at > 0 && (sessions[at - 1] as Session).startMs > startMs) at -= 1;
    sessions.splice(at, 0, session);
    this.#setLatest(keyId, sessions);
  }

  #remove(session: Session): void {
    const { keyId } = session;
    const sessions = this.#sessions[keyId] ?? [];
    sessions.splice(sessions.indexOf(session), 1);
    if (sessions.length === 0) this.#sessions[keyId] = undefined;
    this.#setLatest(keyId, sessions);
  }

  #setLatest(keyId: number, sessions: readonly Session[]): void {
    if (keyId >= this.#latest.length) {
      const longer = new Int32Array(Math.max(keyId + 1, this.#latest.length * 2)).fill(NONE);
      longer.set(this.#latest);
      this.#latest = longer;
    }
    this.#latest[keyId] = sessions.at(-1)?.slot ?? NONE;
  }

  #keySet(gone: readonly { readonly keyId: number; readonly id: string }[], keys: Keys): RowSet {
    const columns = new Map(keys.columns(Int32Array.from(gone, ({ keyId }) => keyId)));
    columns.set('session_id', { type: 'text', values: gone.map(({ id }) => id), present: null });
    const named = this.#plan.table.columns.filter(({ role }) => role === 'key');
    return {
      count: gone.length,
      columns: named.map(({ name }) => columns.get(name) as ColumnValues),
    };
  }
}
