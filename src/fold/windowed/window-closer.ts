import type { EmissionPlan, WindowedPlan } from '../../projection/plan.ts';
import { rowObject } from '../column-values.ts';
import { Deadlines } from '../deadlines.ts';
import { emissionId } from '../emission-id.ts';
import type { Keys } from '../keys.ts';
import type { Emission } from '../task-fold.ts';
import type { Baselines } from './baselines.ts';
import type { WindowPanes } from './window-panes.ts';
import type { WindowRows } from './window-rows.ts';

interface CloserParts {
  readonly plan: WindowedPlan;
  readonly rows: WindowRows;
  readonly panes: WindowPanes | null;
  readonly baselines: Baselines;
  /** Windows that end by then are closed already. */
  readonly closedUntilMs: number;
}

/**
 * What happens when windows close: they are put together from panes, judged against their key's baseline, shown and published; once each, in the order of their
 * ends, then keys, at the very record or tick that moves the watermark past them. Only plans for which that moment matters have one.
 */
export class WindowCloser {
  readonly tellsRevisions: boolean;
  readonly #parts: CloserParts;
  readonly #open = new Deadlines<number>();
  /** Slots that are waiting in `#open`, and those of them whose row does not show all panes. */
  readonly #tracked = new Set<number>();
  readonly #stale = new Set<number>();
  #emissions: Emission[] = [];
  closedUntilMs: number;

  private constructor(parts: CloserParts) {
    this.#parts = parts;
    this.closedUntilMs = parts.closedUntilMs;
    this.tellsRevisions = parts.plan.emissions.some(({ on }) => on === 'revise');
  }

  /** The closer of a plan; null where nothing depends on when windows close. */
  static of(parts: CloserParts): WindowCloser | null {
    const { plan, panes, baselines } = parts;
    const matters =
      panes !== null ||
      plan.emit === 'onClose' ||
      plan.emissions.length > 0 ||
      baselines.scores.length > 0;
    return matters ? new WindowCloser(parts) : null;
  }

  get openCount(): number {
    return this.#tracked.size;
  }

  /** When the next window closes. */
  get nextCloseMs(): number {
    return this.#open.nextMs;
  }

  isClosed(slot: number): boolean {
    return this.#parts.rows.endOf(slot) <= this.closedUntilMs;
  }

  /** A row that may be open: it will be closed. */
  track(slot: number): void {
    if (this.#tracked.has(slot) || this.isClosed(slot)) return;
    this.#tracked.add(slot);
    this.#open.add(this.#parts.rows.endOf(slot), slot);
  }

  /** Slots have changed: begins anew with every open row. */
  trackAll(): void {
    this.#open.clear();
    this.#tracked.clear();
    for (let slot = 0; slot < this.#parts.rows.state.count; slot += 1) this.track(slot);
  }

  /** A pane of this open window has changed. */
  stale(slot: number): void {
    this.track(slot);
    this.#stale.add(slot);
    this.#parts.rows.state.touch(slot);
  }

  /** Brings rows up to date with their panes. */
  refresh(): void {
    for (const slot of this.#stale) this.#parts.panes?.assemble(slot);
    this.#stale.clear();
  }

  /** The watermark moved without reaching the end of a window. */
  reach(watermarkMs: number): void {
    if (watermarkMs > this.closedUntilMs) this.closedUntilMs = watermarkMs;
  }

  /** Closes every window that ends by the watermark. */
  close(watermarkMs: number, keys: Keys): void {
    while (this.#open.nextMs <= watermarkMs) {
      this.closedUntilMs = this.#open.nextMs;
      const slots = this.#open.takeNext().map((slot) => ({
        slot,
        key: keys.partsOf(this.#parts.rows.state.keyIds[slot] as number).map(String),
      }));
      slots.sort(
        (a, b) => compareKeys(a.key, b.key) || this.#startOf(a.slot) - this.#startOf(b.slot),
      );
      for (const { slot } of slots) this.#closeOne(slot, keys);
    }
    this.closedUntilMs = Math.max(this.closedUntilMs, watermarkMs);
  }

  /** A closed window was changed by a late event. */
  revised(slot: number, offset: number, keys: Keys): void {
    this.#emit('revise', slot, keys, offset);
  }

  takeEmissions(): readonly Emission[] {
    const taken = this.#emissions;
    this.#emissions = [];
    return taken;
  }

  #closeOne(slot: number, keys: Keys): void {
    const { rows, panes, baselines } = this.#parts;
    this.#tracked.delete(slot);
    if (this.#stale.delete(slot)) panes?.assemble(slot);
    rows.state.touch(slot);
    if (baselines.scores.length > 0) this.#judge(slot, keys);
    this.#emit('close', slot, keys, null);
  }

  #judge(slot: number, keys: Keys): void {
    const { rows, baselines } = this.#parts;
    const row = this.#rowOf(slot, keys);
    const keyId = rows.state.keyIds[slot] as number;
    for (const [n, { of }] of baselines.scores.entries()) {
      const value = row[of];
      const score = baselines.judge(keyId, n, value === null ? null : Number(String(value)));
      rows.score(slot, n, score ?? Number.NaN);
    }
  }

  #emit(on: EmissionPlan['on'], slot: number, keys: Keys, offset: number | null): void {
    const { plan, rows } = this.#parts;
    for (const emission of plan.emissions) {
      if (emission.on !== on) continue;
      const value = emission.make(this.#rowOf(slot, keys) as never);
      if (value === null || value === undefined) continue;
      const key = keys.partsOf(rows.state.keyIds[slot] as number);
      const [startMs, endMs] = [rows.startOf(slot), rows.endOf(slot)];
      const at = offset === null ? [] : [offset];
      this.#emissions.push({
        event: emission.event,
        value,
        id: emissionId(plan.name, emission.event.name, on, startMs, endMs, ...key, ...at),
        timestampMs: endMs,
      });
    }
  }

  #rowOf(slot: number, keys: Keys): Record<string, unknown> {
    const { rows, plan } = this.#parts;
    const written = rows.write(keys, Int32Array.of(slot), { isClosed: () => true });
    return rowObject(plan.table, written, 0);
  }

  #startOf(slot: number): number {
    return this.#parts.rows.startOf(slot);
  }
}

function compareKeys(a: readonly string[], b: readonly string[]): number {
  for (const [i, part] of a.entries()) {
    const other = b[i] as string;
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}
