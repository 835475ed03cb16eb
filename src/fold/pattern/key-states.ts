import type { KeyPlan } from '../../projection/plan/plan.ts';
import type { ColumnValues, RowSet } from '../../projection/plan/row-set.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import { Keys, keyPartsAt, UNUSED_KEYS_MAX } from '../rows/keys.ts';
import { Deadlines } from '../task/deadlines.ts';
import type { TableChange } from '../task/task-fold.ts';
import type { KeyState, Run } from './key-state.ts';
import { isEmptyKeyState } from './key-state.ts';
import { keyStateFromJson, keyStateToJson } from './key-state-to-json.ts';

/** Dependencies of `KeyStates`. */
interface KeyStatesOptions {
  readonly keys: readonly KeyPlan[];
  /** The table that stores the states. */
  readonly table: TablePlan;
  /** Returns the time when a partial match times out. */
  readonly deadlineOf: (run: Run) => number;
}

/**
 * The states of a task's keys. A key is *absent* until `keep` sets a state that is not empty; then
 * it is in memory, with its next deadline, until its state is empty. The next `takeChanges` writes
 * changed states, and deletes stored empty ones. After that an absent key is stored nowhere, and
 * `compact` forgets it.
 */
export class KeyStates {
  readonly #plan: KeyStatesOptions;
  readonly keys: Keys;
  #states = new Map<number, KeyState>();
  #stored = new Set<number>();
  #changed = new Set<number>();
  #deadlines = new Deadlines<number>();
  /** By key: its deadline in `#deadlines`, which also contains outdated deadlines. */
  #waiting = new Map<number, number>();

  constructor(plan: KeyStatesOptions) {
    this.#plan = plan;
    this.keys = new Keys(plan.keys);
  }

  /** Number of keys with a state. */
  get count(): number {
    return this.#states.size;
  }

  /** The earliest deadline, possibly outdated; infinity: there is none. */
  get nextMs(): number {
    return this.#deadlines.nextMs;
  }

  /** True if a key has a deadline. */
  get awaitsTime(): boolean {
    for (const atMs of this.#waiting.values()) if (atMs < Number.POSITIVE_INFINITY) return true;
    return false;
  }

  get(keyId: number): KeyState | undefined {
    return this.#states.get(keyId);
  }

  /** Adds stored states. */
  absorb(rows: RowSet): void {
    const columns = new Map<string, ColumnValues>(
      this.#plan.table.columns.map(({ name }, c) => [name, rows.columns[c] as ColumnValues]),
    );
    const states = columns.get('_state');
    if (states?.type !== 'text') throw new TypeError('states without text');
    for (let i = 0; i < rows.count; i += 1) {
      const keyId = this.keys.idOf(keyPartsAt(this.#plan.keys, columns, i));
      const state = keyStateFromJson(states.values[i] as string);
      this.#states.set(keyId, state);
      this.#stored.add(keyId);
      this.#wait(keyId, state);
    }
  }

  /** Sets a key's state, or removes it if it is empty. */
  keep(keyId: number, state: KeyState): void {
    if (isEmptyKeyState(state)) {
      this.#waiting.delete(keyId);
      if (!this.#states.delete(keyId)) return;
    } else {
      this.#states.set(keyId, state);
      this.#wait(keyId, state);
    }
    this.#changed.add(keyId);
  }

  /**
   * Removes the keys with deadline `nextMs`, in the order of their texts; `keep` sets their next
   * deadline.
   */
  takeDue(): readonly { readonly keyId: number; readonly state: KeyState }[] {
    const dueMs = this.#deadlines.nextMs;
    const due = this.#deadlines
      .takeNext()
      .filter((keyId) => this.#waiting.get(keyId) === dueMs && this.#waiting.delete(keyId));
    const sorted = due.length < 2 ? due : this.#byText(due);
    return sorted.map((keyId) => ({ keyId, state: this.#states.get(keyId) as KeyState }));
  }

  #byText(keyIds: readonly number[]): readonly number[] {
    return keyIds
      .map((keyId) => ({ keyId, text: this.keys.partsOf(keyId).map(String).join('\0') }))
      .sort((a, b) => (a.text < b.text ? -1 : 1))
      .map(({ keyId }) => keyId);
  }

  /** Returns states to upsert and keys to delete since the last call; null: none. */
  takeChanges(): TableChange | null {
    if (this.#changed.size === 0) return null;
    const kept = [...this.#changed].filter((keyId) => this.#states.has(keyId));
    const gone = [...this.#changed].filter(
      (keyId) => !this.#states.has(keyId) && this.#stored.has(keyId),
    );
    this.#changed.clear();
    for (const keyId of kept) this.#stored.add(keyId);
    for (const keyId of gone) this.#stored.delete(keyId);
    if (kept.length === 0 && gone.length === 0) return null;
    const columnsOf = (ids: readonly number[]) =>
      [...this.keys.columns(Int32Array.from(ids))].map(([, values]) => values);
    const texts = kept.map((keyId) => keyStateToJson(this.#states.get(keyId) as KeyState));
    return {
      table: this.#plan.table,
      rows: {
        count: kept.length,
        columns: [...columnsOf(kept), { type: 'text', values: texts, present: null }],
      },
      deleted: gone.length === 0 ? null : { count: gone.length, columns: columnsOf(gone) },
    };
  }

  /** Forgets absent keys and outdated deadlines if there are many. No batch may be prepared. */
  compact(): void {
    this.keys.release();
    const rename = this.keys.renumber(this.#states.size + this.#changed.size);
    if (rename !== null) {
      this.#states = new Map([...this.#states].map(([id, state]) => [rename(id), state]));
      this.#stored = new Set([...this.#stored].map(rename));
      this.#changed = new Set([...this.#changed].map(rename));
      this.#waiting = new Map([...this.#waiting].map(([id, atMs]) => [rename(id), atMs]));
    } else if (this.#deadlines.size <= 2 * this.#waiting.size + UNUSED_KEYS_MAX) return;
    this.#deadlines = new Deadlines();
    for (const [keyId, atMs] of this.#waiting) this.#await(keyId, atMs);
  }

  #wait(keyId: number, { runs, held }: KeyState): void {
    let atMs = held[0]?.timeMs ?? Number.POSITIVE_INFINITY;
    for (const run of runs) atMs = Math.min(atMs, this.#plan.deadlineOf(run));
    if (this.#waiting.get(keyId) === atMs) return;
    this.#waiting.set(keyId, atMs);
    this.#await(keyId, atMs);
  }

  #await(keyId: number, atMs: number): void {
    if (atMs < Number.POSITIVE_INFINITY) this.#deadlines.add(atMs, keyId);
  }
}
