import type { WindowedPlan } from '../../projection/plan/plan.ts';
import type { ColumnValues, RowSet } from '../../projection/plan/row-set.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import type { Moments } from '../aggregate/moments.ts';
import { addTo, meanOf, momentsState, varianceOf } from '../aggregate/moments.ts';
import type { Keys } from '../rows/keys.ts';
import { keyPartsAt } from '../rows/keys.ts';

const DOUBLE = { kind: 'double' } as const;
const MOMENTS = momentsState(DOUBLE);

/**
 * A score: the measure's column that it scores, and the number of earlier windows that it needs.
 */
export interface ScorePlan {
  readonly of: string;
  readonly min: number;
}

/**
 * The running baselines of keys: for each score the moments of its measure over the key's closed
 * windows, in event-time order. All baselines of a task are in memory; a hidden table stores them.
 */
export class Baselines {
  readonly scores: readonly ScorePlan[];
  readonly table: TablePlan | null;
  readonly #plan: WindowedPlan;
  readonly #byKey = new Map<number, Moments[]>();
  readonly #changed = new Set<number>();

  constructor(plan: WindowedPlan) {
    this.#plan = plan;
    this.table = plan.tables.find(({ name }) => name === `${plan.name}__baseline`) ?? null;
    this.scores = plan.measures.flatMap(({ aggregate, of, parameters }) =>
      aggregate === 'zScore' ? [{ of: of as string, min: parameters['min'] as number }] : [],
    );
  }

  /**
   * Scores a value against the key's baseline so far, then adds it to the baseline. Null: too few
   * windows, or all values equal. A value that is missing or not finite has no score and is not
   * added: one NaN would stay in the baseline forever.
   */
  score(keyId: number, n: number, value: number | null): number | null {
    if (value === null || !Number.isFinite(value)) return null;
    const all = this.#byKey.get(keyId) ?? this.scores.map(() => MOMENTS.zero());
    const baseline = all[n] as Moments;
    const variance = varianceOf(baseline, DOUBLE);
    const enough = baseline.n >= BigInt((this.scores[n] as ScorePlan).min);
    const score =
      enough && variance !== null && variance > 0
        ? (value - meanOf(baseline, DOUBLE)) / Math.sqrt(variance)
        : null;
    addTo(baseline, value);
    this.#byKey.set(keyId, all);
    this.#changed.add(keyId);
    return score !== null && Number.isFinite(score) ? score : null;
  }

  absorb(rows: RowSet, keys: Keys): void {
    const { table } = this;
    if (table === null) return;
    const columns = new Map<string, ColumnValues>(
      table.columns.map(({ name }, c) => [name, rows.columns[c] as ColumnValues]),
    );
    const state = columns.get('_state');
    if (state?.type !== 'text') throw new TypeError('baselines without state');
    for (let i = 0; i < rows.count; i += 1) {
      const keyId = keys.idOf(keyPartsAt(this.#plan.keys, columns, i));
      const json = JSON.parse(state.values[i] as string) as unknown[];
      this.#byKey.set(
        keyId,
        json.map((each) => MOMENTS.fromJson(each)),
      );
    }
  }

  /** Returns baselines changed since the last call. */
  takeChanged(keys: Keys): RowSet | null {
    const { table } = this;
    if (table === null || this.#changed.size === 0) return null;
    const ids = Int32Array.from(this.#changed);
    this.#changed.clear();
    const columns = new Map(keys.columns(ids));
    columns.set('_state', {
      type: 'text',
      values: Array.from(ids, (id) =>
        JSON.stringify((this.#byKey.get(id) ?? []).map((each) => MOMENTS.toJson(each))),
      ),
      present: null,
    });
    return {
      count: ids.length,
      columns: table.columns.map(({ name }) => columns.get(name) as ColumnValues),
    };
  }
}
