import type { Plan } from '../projection/plan.ts';
import type { Reprise } from '../reprise.ts';
import { compareRows } from './compare-rows.ts';
import { queryRows, type ViewRow, viewColumns } from './read-rows.ts';
import { type DecodedRecord, wholeLog } from './whole-log.ts';
import type { Planned } from './with-app.ts';

/** Folds decoded records the plain way; gives the rows that the stable view should show, by SQL column names. */
export type IndependentFold = (plan: Plan, records: readonly DecodedRecord[]) => readonly ViewRow[];

/**
 * Compares the stable view of a projection with an independent fold of the whole log: 1 read and decode every record, whole events, by a
 * decoder that the runner does not use, 2 fold them, 3 compare with the view, column by column, exactly.
 * Expects that nothing is being published meanwhile. @returns differences in words; empty when equal
 */
export async function verifyProjection(
  app: Reprise,
  { projection, plan }: Planned,
  fold: IndependentFold,
): Promise<readonly string[]> {
  const records: DecodedRecord[] = [];
  for (const { event } of plan.sources) {
    for await (const each of wholeLog(app, event)) records.push(each); // 1
  }
  const expected = fold(plan, records); // 2
  const actual = await queryRows(app, projection, {});
  const keys = plan.table.columns.filter(({ role }) => role === 'key').map(({ name }) => name);
  const measures = viewColumns(plan).filter((column) => !keys.includes(column));
  const differences = compareRows(expected, actual, { keys, measures }); // 3
  return differences.map((difference) => `${plan.name} v${plan.version}: ${difference}`);
}
