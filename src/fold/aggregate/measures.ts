import type { Field } from '../../event/field-type.ts';
import type {
  AccumulatorPlan,
  MeasurePlan,
  MeasuresPlan,
  PlanBase,
} from '../../projection/plan/plan.ts';
import type { Absence, TableColumn } from '../../projection/plan/row-set.ts';
import { calendarMessage, deadLetterAt } from '../batch/dead-letter-at.ts';
import { PartFilter } from '../batch/part-filter.ts';
import type { SourcePart } from '../batch/topic-batches.ts';
import type { RowsToWrite } from '../rows/packed-column.ts';
import { EARLIEST_MS } from '../rows/postgres-limits.ts';
import type { RowState } from '../rows/row-state.ts';
import type { DeadLetter } from '../task/task-fold.ts';
import type { Accumulator, ColumnsByName, RowPairs, Selection } from './accumulator.ts';
import { Count } from './count.ts';
import { DoubleSum } from './double-sum.ts';
import { Extreme } from './extreme.ts';
import { IntegerSum } from './integer-sum.ts';
import { exactColumn, measureColumn } from './measure-column.ts';
import { ObjectAccumulator } from './object-accumulator.ts';
import { objectStateOf } from './object-state-of.ts';

/** The part of a plan that describes measures, and the table that stores them. */
export type MeasuredPlan = MeasuresPlan & Pick<PlanBase, 'sources' | 'table'>;

/**
 * An accumulator in use. `fieldIndexes[source]`: the column it reads of each source; -1: none, it
 * takes events; undefined: the source lacks its field.
 */
interface Placed {
  readonly plan: AccumulatorPlan;
  readonly accumulator: Accumulator;
  /** Index of its first number in a stride. */
  readonly at: number;
  readonly fieldIndexes: readonly (number | undefined)[];
}

/**
 * The measures of windows or sessions in use: accumulators side by side in the rows' strides. They
 * take records part by part through the measures' filters, and are written as columns. Rows are
 * identified by slots; the caller knows their keys.
 */
export class Measures {
  /** Number of doubles that the accumulators need in a stride. */
  readonly width: number;
  readonly #plan: MeasuredPlan;
  readonly #at: number;
  readonly #placed: readonly Placed[];
  readonly #filters: readonly PartFilter[];
  readonly #chosen: Selection = {
    count: 0,
    records: new Int32Array(0),
    slots: new Int32Array(0),
  };
  #scratch = this.#chosen;

  /**
   * @param at first free number in a stride
   * @param twin measures of the same plan over other rows, which prepare the parts for both
   */
  constructor(plan: MeasuredPlan, at: number, twin: Measures | null = null) {
    this.#plan = plan;
    this.#at = at;
    let next = at;
    this.#placed = plan.accumulators.map((each) => {
      const accumulator = createAccumulator(each, plan);
      const first = next;
      accumulator.place(first);
      next += accumulator.width;
      const fieldIndexes = plan.sources.map(({ fields }) => {
        if (each.field === null) return -1;
        const index = fields.indexOf(each.field);
        return index < 0 ? undefined : index;
      });
      return { plan: each, accumulator, at: first, fieldIndexes };
    });
    this.width = next - at;
    this.#filters =
      twin === null
        ? plan.measureFilters.map((filter) => new PartFilter(filter, plan.sources))
        : twin.#filters;
  }

  /** The accumulators and the indexes of their first numbers, for code generation. */
  get places(): readonly Pick<Placed, 'plan' | 'accumulator' | 'at'>[] {
    return this.#placed;
  }

  /**
   * Evaluates the measures' filters on the records of a part. Refuses records with measured values
   * that Postgres cannot hold.
   */
  prepare(part: SourcePart, deadLetters: DeadLetter[]): void {
    this.#refuse(part, deadLetters);
    for (const filter of this.#filters) filter.prepare(part, deadLetters);
  }

  /** Accumulates the selected records of a prepared part. */
  add(state: RowState, part: SourcePart, selection: Selection): void {
    for (const { plan, accumulator, fieldIndexes } of this.#placed) {
      const fieldIndex = fieldIndexes[part.source];
      if (fieldIndex === undefined) continue;
      if (plan.filter === null) accumulator.add(state, selection, part, fieldIndex);
      else {
        const chosen = this.#choose(plan.filter, part, selection);
        if (chosen.count > 0) accumulator.add(state, chosen, part, fieldIndex);
      }
    }
  }

  /** Merges row `i` of stored columns into a row in memory. */
  merge(state: RowState, slot: number, columns: ColumnsByName, i: number): void {
    for (const { accumulator } of this.#placed) accumulator.merge(state, slot, columns, i);
  }

  /** Merges a row of `other`, with the same plan, into a row here. */
  mergeFrom(
    target: { readonly state: RowState; readonly slot: number },
    other: Measures,
    source: { readonly state: RowState; readonly slots: Int32Array },
  ): void {
    const { slots } = source;
    const into = new Int32Array(slots.length).fill(target.slot);
    const pairs = { count: slots.length, from: slots, into };
    this.mergeRows(target.state, other, source.state, pairs);
  }

  /** Merges rows of `other`, with the same plan and position, into rows here. */
  mergeRows(target: RowState, other: Measures, source: RowState, pairs: RowPairs): void {
    for (const [n, { accumulator }] of this.#placed.entries()) {
      const theirs = other.#placed[n] as Placed;
      accumulator.mergeRows(target, theirs.accumulator, source, pairs);
    }
  }

  /** Resets the row: nothing is accumulated in it. */
  clear(state: RowState, slot: number): void {
    const base = slot * state.stride + this.#at;
    state.numbers.fill(0, base, base + this.width);
    for (const { accumulator } of this.#placed) accumulator.clear(slot);
  }

  /** Returns all measure and state columns of the given rows, by name, packed if possible. */
  write(rows: RowsToWrite): Map<string, TableColumn> {
    const { slots } = rows;
    const columns = this.#stateOf(rows);
    for (const measure of this.#plan.measures) {
      if (measure.aggregate === 'zScore') continue;
      if (!columns.has(measure.column)) {
        columns.set(measure.column, this.#valueOf(measure, slots, columns));
      }
      if (measure.exactColumn !== null) {
        columns.set(measure.exactColumn, exactColumn(this.#objectOf(measure), slots));
      }
    }
    return columns;
  }

  /** Moves a row to another slot. */
  move(from: number, to: number): void {
    for (const { accumulator } of this.#placed) accumulator.move(from, to);
  }

  /** Drops the state of every row or, with `count`, of rows from that slot on. */
  forget(count?: number): void {
    for (const { accumulator } of this.#placed) accumulator.forget(count);
  }

  #stateOf(rows: RowsToWrite): Map<string, TableColumn> {
    const columns = new Map<string, TableColumn>();
    for (const { plan, accumulator } of this.#placed) {
      for (const [name, values] of accumulator.write(rows, this.#absenceOf(plan))) {
        columns.set(name, values);
      }
    }
    return columns;
  }

  /** Marks the rows in which a sum has no value, if values may be missing; null: all have one. */
  #absenceOf({ kind, field, filter }: AccumulatorPlan): Absence | null {
    if (!kind.startsWith('sum')) return null;
    const counted = this.#placed.find(
      ({ plan }) => plan.kind === 'count' && plan.field === field && plan.filter === filter,
    );
    return counted?.accumulator instanceof Count ? counted.accumulator.absence : null;
  }

  #valueOf(
    measure: MeasurePlan,
    slots: Int32Array,
    columns: ReadonlyMap<string, TableColumn>,
  ): TableColumn {
    const column = this.#plan.table.columns.find(({ name }) => name === measure.column);
    if (column === undefined) throw new TypeError(`no column ${measure.column}`);
    return measureColumn({
      measure,
      column,
      slots,
      columns,
      placed: this.#placed,
      state: measure.state === null ? null : this.#objectOf(measure),
      field: this.#fieldOf(measure),
    });
  }

  #objectOf({ state }: MeasurePlan): ObjectAccumulator {
    const found = this.#placed.find(({ plan }) => plan.kind === 'object' && plan.column === state);
    if (found?.accumulator instanceof ObjectAccumulator) return found.accumulator;
    throw new TypeError(`no state ${state}`);
  }

  #fieldOf({ field }: Pick<MeasurePlan, 'field'>): Field | undefined {
    return fieldNamed(this.#plan, field);
  }

  /** Returns the records of a selection that a measure's filter accepts. */
  #choose(filter: number, part: SourcePart, { count, records, slots }: Selection): Selection {
    const passes = this.#filters[filter] as PartFilter;
    if (this.#scratch.records.length < count) {
      this.#scratch = { count: 0, records: new Int32Array(count), slots: new Int32Array(count) };
    }
    const chosen = this.#scratch;
    chosen.count = 0;
    for (let i = 0; i < count; i += 1) {
      const record = records[i] as number;
      if (!passes.accepts(part.source, record)) continue;
      chosen.records[chosen.count] = record;
      chosen.slots[chosen.count] = slots[i] as number;
      chosen.count += 1;
    }
    return chosen;
  }

  /** Refuses records with measured timestamps or texts that Postgres cannot hold. */
  #refuse(part: SourcePart, deadLetters: DeadLetter[]): void {
    for (const { plan, fieldIndexes } of this.#placed) {
      const column = part.columns[fieldIndexes[part.source] ?? -1];
      if (column === undefined) continue;
      const field = fieldNamed(this.#plan, plan.field);
      if (column.kind === 'number' && field?.type.kind === 'timestamp-millis') {
        for (let j = 0; j < part.batch.count; j += 1) {
          if (part.skip[j] === 1 || column.present?.[j] === 0) continue;
          const instant = column.values[j] as number;
          if (instant >= EARLIEST_MS) continue;
          part.skip[j] = 1;
          const message = calendarMessage(part.batch, j, instant);
          deadLetters.push(deadLetterAt(part.batch, j, 'DECODE_FAILED', message));
        }
      } else if (column.kind === 'text' && plan.kind === 'object') {
        for (let j = 0; j < part.batch.count; j += 1) {
          if (part.skip[j] === 1 || column.present?.[j] === 0) continue;
          const zero = column.bytes.indexOf(0, column.start[j]);
          if (zero < 0 || zero >= (column.end[j] as number)) continue;
          part.skip[j] = 1;
          const message = `"${plan.field}" has a zero character, which Postgres cannot hold.`;
          deadLetters.push(deadLetterAt(part.batch, j, 'DECODE_FAILED', message));
        }
      }
    }
  }
}

function fieldNamed({ sources }: MeasuredPlan, name: string | null): Field | undefined {
  for (const { event } of sources) {
    const field = event.fields.find((each) => each.name === name);
    if (field !== undefined) return field;
  }
  return undefined;
}

function createAccumulator(each: AccumulatorPlan, plan: MeasuredPlan): Accumulator {
  switch (each.kind) {
    case 'count':
      return new Count(each.column);
    case 'sumDouble':
      return new DoubleSum(each);
    case 'sumInteger':
      return new IntegerSum(each.column);
    case 'object': {
      const state = objectStateOf(each.state, fieldNamed(plan, each.field)?.type);
      return new ObjectAccumulator(each.column, state, each.field === null);
    }
    default: {
      const column = plan.table.columns.find(({ name }) => name === each.column);
      return new Extreme(each.kind, each.column, column?.type ?? 'float8');
    }
  }
}
