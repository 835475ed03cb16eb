import type { MeasurePlan, WindowedPlan } from '../projection/plan.ts';
import type { ColumnValues, RowSet } from '../projection/row-set.ts';
import type { TumblingWindow } from '../projection/window.ts';
import { Count } from './count.ts';
import type { PlacedAccumulator } from './create-accumulators.ts';
import type { Keys } from './keys.ts';
import type { RowState } from './row-state.ts';
import { REVISED_AT, WINDOW_START } from './row-state.ts';

/** What the rows in memory are made of. */
export interface RowParts {
  readonly plan: WindowedPlan;
  readonly keys: Keys;
  readonly state: RowState;
  readonly placed: readonly PlacedAccumulator[];
}

/** The given rows as columns, in the order of the table plan. */
export function writeRows(parts: RowParts, slots: Int32Array): RowSet {
  const { plan, keys, state } = parts;
  const columns = new Map<string, ColumnValues>();
  const ids = new Int32Array(slots.length);
  for (let i = 0; i < slots.length; i += 1) ids[i] = state.keyIds[slots[i] as number] as number;
  for (const [name, values] of keys.columns(ids)) columns.set(name, values);
  for (const [name, values] of headerColumns(parts, slots)) columns.set(name, values);
  for (const { plan: each, accumulator } of parts.placed) {
    const present = presenceOf(parts, slots, each.field);
    for (const [name, values] of accumulator.write(state, slots, present))
      columns.set(name, values);
  }
  for (const measure of plan.measures) {
    if (!columns.has(measure.column)) {
      columns.set(measure.column, derivedColumn(parts, { measure, slots, columns }));
    }
  }
  return {
    count: slots.length,
    columns: plan.table.columns.map(({ name }) => need(columns, name)),
  };
}

function* headerColumns(
  { plan, state }: RowParts,
  slots: Int32Array,
): Iterable<[string, ColumnValues]> {
  const starts = new Float64Array(slots.length);
  const ends = new Float64Array(slots.length);
  const revised = new Float64Array(slots.length);
  const present = new Uint8Array(slots.length);
  for (let i = 0; i < slots.length; i += 1) {
    const base = (slots[i] as number) * state.stride;
    const start = state.numbers[base + WINDOW_START] as number;
    const revisedAt = state.numbers[base + REVISED_AT] as number;
    starts[i] = start;
    ends[i] = start + tumblingOf(plan).sizeMs;
    if (revisedAt === revisedAt) {
      revised[i] = revisedAt;
      present[i] = 1;
    }
  }
  yield ['window_start', { type: 'timestamptz', values: starts, present: null }];
  yield ['window_end', { type: 'timestamptz', values: ends, present: null }];
  yield ['revised_at_offset', { type: 'int8', values: revised, exact: null, present }];
}

/** Marks the rows that hold a value of a nullable field; null: all do. */
function presenceOf(parts: RowParts, slots: Int32Array, field: string | null): Uint8Array | null {
  const counted = field === null ? null : countOf(parts, slots, field);
  return counted === null ? null : Uint8Array.from(counted, (n) => (n > 0 ? 1 : 0));
}

/** Values of a field per row, where its nulls are counted apart; null otherwise. */
function countOf(parts: RowParts, slots: Int32Array, field: string | null): Float64Array | null {
  const placed = parts.placed.find(({ plan }) => plan.kind === 'count' && plan.field === field);
  return placed?.accumulator instanceof Count ? placed.accumulator.read(parts.state, slots) : null;
}

/** A measure that is not an accumulator's own column: an average, or a second measure of the same state. */
function derivedColumn(
  parts: RowParts,
  target: {
    readonly measure: MeasurePlan;
    readonly slots: Int32Array;
    readonly columns: ReadonlyMap<string, ColumnValues>;
  },
): ColumnValues {
  const { measure, slots, columns } = target;
  const kind = measure.aggregate;
  const state = parts.placed.find(({ plan }) =>
    kind === 'avg' || kind === 'sum'
      ? (plan.kind === 'sumDouble' || plan.kind === 'sumInteger') && plan.field === measure.field
      : plan.kind === kind && plan.field === measure.field,
  )?.plan;
  if (state === undefined) throw new TypeError(`no state for ${measure.name}`);
  const source = need(columns, state.kind === 'sumDouble' ? state.hi : state.column);
  if (kind !== 'avg') return source;
  const counts = countOf(parts, slots, measure.field) ?? countOf(parts, slots, null);
  if (counts === null) throw new TypeError(`no count for ${measure.name}`);
  const column = parts.plan.table.columns.find(
    ({ name }) => name === (state.kind === 'sumDouble' ? state.hi : state.column),
  );
  const scale = column?.scale ?? 0;
  const values = Float64Array.from(counts, (n, i) => {
    if (source.type === 'float8') return (source.values[i] as number) / n;
    // Read as decimal text, the sum is rounded once; dividing by a power of ten would round it again.
    return source.type === 'numeric'
      ? Number(`${source.values[i] ?? 0n}e-${scale}`) / n
      : Number.NaN;
  });
  return { type: 'float8', values, present: presenceOf(parts, slots, measure.field) };
}

function need(columns: ReadonlyMap<string, ColumnValues>, name: string): ColumnValues {
  const values = columns.get(name);
  if (values === undefined) throw new TypeError(`no values for column ${name}`);
  return values;
}

/** The tumbling windows of a plan. */
export function tumblingOf({ window }: WindowedPlan): TumblingWindow {
  if (window.kind !== 'tumbling') throw new TypeError(`no fold for ${window.kind} windows`);
  return window;
}
