import { keyAt } from '../../log/record-at.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { HandlerPlan, KeyedTablePlan } from '../../projection/plan/plan.ts';
import { keyOfRecord } from './handler-keys.ts';
import type { KeyedRows, TableKey } from './keyed-rows.ts';

/** What one record does to one table. */
export interface Step {
  readonly handler: Pick<HandlerPlan, 'table' | 'lookups' | 'reduce'>;
  /** The rows that it touches. */
  readonly keys: readonly TableKey[];
  /** Per lookup of the handler; null: a field of its key is null. */
  readonly looked: readonly (TableKey | null)[];
  /** Null: a tombstone. */
  readonly event: unknown;
}

/** True if record `i` of a batch is a tombstone. */
export function isTombstone({ unreadable, valueStart }: RecordBatch, i: number): boolean {
  return unreadable === null && (valueStart[i] as number) < 0;
}

/** Thrown if a table has no answer to tombstones, or refuses them. */
export class RefusedTombstone extends Error {}

/**
 * Applies tombstones to the tables of a plan. A tombstone has no schema, so it is not an event: it
 * concerns every table that has a handler for an event of its topic, at the row whose primary key
 * is its record key.
 */
export class Tombstones {
  readonly #plan: KeyedTablePlan;
  readonly #rowsOf: (table: number) => KeyedRows;
  readonly #byTopic = new Map<string, readonly number[]>();

  constructor(plan: KeyedTablePlan, rowsOf: (table: number) => KeyedRows) {
    this.#plan = plan;
    this.#rowsOf = rowsOf;
    for (const { event } of plan.sources) {
      const tables = plan.handlers
        .filter(({ source }) => plan.sources[source]?.event.topic === event.topic)
        .map(({ table }) => table);
      this.#byTopic.set(event.topic, [...new Set(tables)]);
    }
  }

  /**
   * Returns what the tombstone at record `i` does to the tables; empty: all of them ignore it.
   * @throws RefusedTombstone, NullKey; TypeError if the record key is not a key of the table
   */
  stepsAt(batch: RecordBatch, i: number): readonly Step[] {
    const tables = this.#byTopic.get(batch.topic) ?? [];
    const { tombstones = [] } = this.#plan;
    const refusing = tables.filter((table) => !tombstones.some((each) => each.table === table));
    if (refusing.length > 0) {
      const names = refusing.map((table) => this.#plan.tables[table]?.name).join(', ');
      throw new RefusedTombstone(
        `it is a tombstone, which ${names} refuses. Declare what it means there: .onTombstone('delete'), .onTombstone('ignore') or .onTombstone((row) => …)`,
      );
    }
    return tombstones.flatMap((answer): Step[] => {
      const { table } = answer;
      if (!tables.includes(table) || answer.kind === 'ignore') return [];
      const rows = this.#rowsOf(table);
      const reduce: HandlerPlan['reduce'] =
        answer.kind !== 'handler'
          ? () => null
          : (row, _event, context) => answer.reduce(row, context);
      return [
        {
          handler: { table, lookups: [], reduce },
          keys: [keyOfRecord(keyAt(batch, i), { table, rows })],
          looked: [],
          event: null,
        },
      ];
    });
  }
}
