import { checkFunction } from '../check/check-function.ts';
import type { DeclaredHandler } from '../declare/table-declaration.ts';
import type { TombstonePlan } from '../plan/plan.ts';
import type { TablePlan } from '../plan/table-plan.ts';
import type { HandlerContext } from './plan-handlers.ts';

/**
 * Plans what tombstones do to each table. A table without an answer, or with `'refuse'`, refuses
 * them. @throws DEFINITION_INVALID through `fail`
 */
export function planTombstones(context: HandlerContext): readonly TombstonePlan[] {
  return context.declared.tables.flatMap(({ name, tombstones }, table): TombstonePlan[] => {
    const step = name === null ? '.onTombstone(…)' : `.table("${name}", …) .onTombstone(…)`;
    const [answer, second] = tombstones;
    if (second !== undefined) context.fail(step, 'is called twice for one table.');
    if (answer === undefined || answer === 'refuse') return [];
    if (answer === 'ignore') return [{ table, kind: 'ignore' }];
    const own = { ...context, table, step };
    if (answer === 'delete') {
      requireRecordKeyAlone(own);
      return [{ table, kind: 'delete' }];
    }
    if (typeof answer !== 'function') {
      return context.fail(step, "takes 'delete', 'ignore', 'refuse' or a function.");
    }
    checkFunction(answer, 'its function', { step, fail: context.fail });
    requireRecordKeyAlone(own);
    return [
      { table, kind: 'handler', reduce: answer as (row: unknown, context: never) => unknown },
    ];
  });
}

/**
 * Checks that the record key is the whole primary key. A tombstone has only a record key, so it
 * cannot find a row otherwise.
 */
function requireRecordKeyAlone(
  of: HandlerContext & { readonly table: number; readonly step: string },
): void {
  const { table, tables, declared, step, fail } = of;
  const keys = (tables[table] as TablePlan).columns.filter(({ role }) => role === 'key');
  const names = keys.map((column) => column.declared).join(', ');
  if (keys.length > 1) {
    fail(
      step,
      `finds a row by the record key alone, and the primary key is (${names}). Answer 'ignore' or 'refuse', or keep a table by the record key.`,
    );
  }
  if (keys[0]?.type === 'timestamptz') {
    fail(step, `cannot read a record key as an instant, which the primary key "${names}" is.`);
  }
  const other = declared.handlers.find(
    (handler) => handler.table === table && !isByRecordKey(handler, declared.options.onePartition),
  );
  if (other === undefined) return;
  fail(
    step,
    `finds a row by the record key, which the rows of ${other.event.name} are not found by. Answer 'ignore' or 'refuse'.`,
  );
}

/**
 * True if rows are found by the record key alone. A single-column key from a function is the record
 * key, unless the user declares that there is only one partition.
 */
function isByRecordKey({ event, key }: DeclaredHandler, onePartition = false): boolean {
  if (event.keyField === undefined) return false;
  return 'fields' in key ? key.fields[0] === event.keyField : !onePartition;
}
