import type { KeyedTablePlan } from '../projection/plan.ts';
import type { FoldedRecord, FoldedTick, InterpretedRow } from './interpreted-record.ts';
import { eventTimeMs, isEvent } from './interpreted-record.ts';

type Row = Readonly<Record<string, unknown>>;

/** What a table projection means: record by record, one map per table and partition; a record whose handler fails changes nothing. The read model's rows. */
export function foldTablesInterpreted(
  plan: KeyedTablePlan,
  items: Iterable<FoldedRecord | FoldedTick>,
): readonly InterpretedRow[] {
  let rows = new Map<string, { partition: number; row: Row }>();
  for (const item of items) {
    if ('tick' in item || !isEvent(item.event)) continue;
    const { record, event, of } = item;
    const at = plan.sources.findIndex(
      (each) => each.event.topic === record.topic && (of === undefined || each.event === of),
    );
    const source = plan.sources[at];
    if (source === undefined) continue;
    if (eventTimeMs(source, event, record.timestampMs) > record.timestampMs + plan.maxDriftMs)
      continue;
    const changed = new Map(rows);
    const name = (table: number, values: readonly unknown[]) =>
      JSON.stringify([table, record.partition, ...values.map(String)]);
    const keyOf = (fields: readonly string[]) => fields.map((field) => event[field]);
    try {
      for (const handler of plan.handlers.filter((each) => each.source === at)) {
        const looked = handler.lookups.map(({ name: key, table, keys }): [string, unknown] => [
          key,
          changed.get(name(table, keys.kind === 'fields' ? keyOf(keys.fields) : []))?.row,
        ]);
        const keys =
          handler.keys.kind === 'fields'
            ? [keyOf(handler.keys.fields)]
            : handler.keys.keysOf(event as never).map((key) => (Array.isArray(key) ? key : [key]));
        for (const key of keys) {
          const id = name(handler.table, key);
          const context = { ...Object.fromEntries(looked), key };
          const next = handler.reduce(changed.get(id)?.row, event as never, context as never);
          if (next === null) changed.delete(id);
          else changed.set(id, { partition: record.partition, row: next as Row });
        }
      }
      rows = changed;
    } catch {
      // The record is a dead letter.
    }
  }
  return [...rows]
    .filter(([id]) => id.startsWith('[0,'))
    .map(([, { partition, row }]) => ({
      ...Object.fromEntries(
        plan.table.columns.map(({ name, comment }) => [name, row[comment] ?? null]),
      ),
      _partition: partition,
    }));
}
