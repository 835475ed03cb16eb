import type { EmissionPlan, WindowedPlan } from '../../projection/plan/plan.ts';
import type { RowSet } from '../../projection/plan/row-set.ts';
import type { Keys } from '../rows/keys.ts';
import { ownRows } from '../rows/packed-column.ts';
import { rowObject } from '../rows/to-column-values.ts';
import { Deadlines } from '../task/deadlines.ts';
import { emissionId, timesBefore } from '../task/emission-id.ts';
import { emissionValue } from '../task/emission-value.ts';
import type { Emission } from '../task/task-fold.ts';
import type { Baselines } from './baselines.ts';
import type { WindowRows } from './window-rows.ts';

/** A record that came late. */
interface RecordPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

interface CloserParts {
  readonly plan: WindowedPlan;
  readonly rows: WindowRows;
  readonly baselines: Baselines;
  /** Windows that end by then are closed already. */
  readonly closedUntilMs: number;
}

/**
 * Closes windows: completes them from panes, scores them against their key's baseline, shows and
 * publishes them. Each once, in the order of their ends, then keys, at the very record or tick that
 * moves the watermark past them. Only plans that depend on that moment have a closer. Every open
 * row in memory is tracked: when its slot is created, and again after slots have changed.
 */
export class WindowCloser {
  readonly tellsRevisions: boolean;
  readonly #parts: CloserParts;
  /** Open rows, by their ends. */
  readonly #open = new Deadlines<number>();
  #emissions: Emission[] = [];
  closedUntilMs: number;

  private constructor(parts: CloserParts) {
    this.#parts = parts;
    this.closedUntilMs = parts.closedUntilMs;
    this.tellsRevisions = parts.plan.emissions.some(({ on }) => on === 'revise');
  }

  /** Creates the closer of a plan; null if nothing depends on when windows close. */
  static of(parts: CloserParts): WindowCloser | null {
    const { plan, baselines } = parts;
    const matters =
      plan.emit === 'onClose' || plan.emissions.length > 0 || baselines.scores.length > 0;
    return matters ? new WindowCloser(parts) : null;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** The time when the next window closes. */
  get nextCloseMs(): number {
    return this.#open.nextMs;
  }

  readonly isClosed = (slot: number): boolean => this.#parts.rows.endOf(slot) <= this.closedUntilMs;

  /** Tracks a row whose slot was just created: if it is open, it will be closed. */
  readonly track = (slot: number): void => {
    if (!this.isClosed(slot)) this.#open.add(this.#parts.rows.endOf(slot), slot);
  };

  /** Tracks every open row anew, after slots have changed. */
  trackAll(): void {
    this.#open.clear();
    for (let slot = 0; slot < this.#parts.rows.state.count; slot += 1) this.track(slot);
  }

  /** Advances the watermark without reaching the end of a window. */
  reach(watermarkMs: number): void {
    if (watermarkMs > this.closedUntilMs) this.closedUntilMs = watermarkMs;
  }

  /** Closes every window that ends by the watermark. Their rows must be complete. */
  close(watermarkMs: number, keys: Keys): void {
    while (this.#open.nextMs <= watermarkMs) {
      this.closedUntilMs = this.#open.nextMs;
      this.#closeAll(this.#inKeyOrder(this.#open.takeNext(), keys), keys);
    }
    this.reach(watermarkMs);
  }

  /** Handles a closed window that a late event changed. */
  revised(slot: number, position: RecordPosition, keys: Keys) {
    const row = this.#rowsOf(Int32Array.of(slot), keys);
    this.#emit({ on: 'revise', slot, rows: row, i: 0, position }, keys);
  }

  takeEmissions(): readonly Emission[] {
    const taken = this.#emissions;
    this.#emissions = [];
    return taken;
  }

  #inKeyOrder(slots: readonly number[], keys: Keys): Int32Array {
    const { rows } = this.#parts;
    const keyed = slots.map((slot) => ({
      slot,
      key: keys.partsOf(rows.state.keyIds[slot] as number).map(String),
    }));
    keyed.sort((a, b) => compareKeys(a.key, b.key) || rows.startOf(a.slot) - rows.startOf(b.slot));
    return Int32Array.from(keyed, ({ slot }) => slot);
  }

  #closeAll(slots: Int32Array, keys: Keys): void {
    const { plan, rows, baselines } = this.#parts;
    for (const slot of slots) rows.state.touch(slot);
    if (baselines.scores.length > 0) this.#score(slots, keys);
    if (!plan.emissions.some(({ on }) => on === 'close')) return;
    const closed = this.#rowsOf(slots, keys);
    for (const [i, slot] of slots.entries()) {
      this.#emit({ on: 'close', slot, rows: closed, i, position: null }, keys);
    }
  }

  #score(slots: Int32Array, keys: Keys): void {
    const { plan, rows, baselines } = this.#parts;
    const closed = this.#rowsOf(slots, keys);
    for (const [i, slot] of slots.entries()) {
      const row = rowObject(plan.table, closed, i);
      const keyId = rows.state.keyIds[slot] as number;
      for (const [n, { of }] of baselines.scores.entries()) {
        const value = row[of];
        const score = baselines.score(keyId, n, value === null ? null : Number(String(value)));
        rows.score(slot, n, score ?? Number.NaN);
      }
    }
  }

  #emit(
    what: {
      readonly on: EmissionPlan['on'];
      readonly slot: number;
      /** The row is the `i`-th of these. */
      readonly rows: RowSet;
      readonly i: number;
      /** The late event's record. */
      readonly position: RecordPosition | null;
    },
    keys: Keys,
  ): void {
    const { plan, rows } = this.#parts;
    const { on, slot, position } = what;
    for (const [i, emission] of plan.emissions.entries()) {
      if (emission.on !== on) continue;
      const row = rowObject(plan.table, what.rows, what.i);
      const value = emissionValue({ plan, emission, row, record: position });
      if (value === null || value === undefined) continue;
      const [startMs, endMs] = [rows.startOf(slot), rows.endOf(slot)];
      const key = keys.partsOf(rows.state.keyIds[slot] as number);
      const id = emissionId(
        ...[plan.name, emission.event.name, on, startMs, endMs, ...key],
        ...(position === null ? [] : [position.topic, position.offset]),
        ...timesBefore(plan.emissions, i),
      );
      const cause =
        position === null
          ? { records: [], dueMs: endMs }
          : { records: [{ topic: position.topic, offset: position.offset }], dueMs: null };
      this.#emissions.push({ event: emission.event, value, id, timestampMs: endMs, cause });
    }
  }

  #rowsOf(slots: Int32Array, keys: Keys): RowSet {
    return ownRows(this.#parts.rows.write(keys, slots, () => true));
  }
}

function compareKeys(a: readonly string[], b: readonly string[]): number {
  for (const [i, part] of a.entries()) {
    const other = b[i] as string;
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}
