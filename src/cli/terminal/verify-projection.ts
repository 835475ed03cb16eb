import type { FoldedRecord, FoldedTick } from '../../fold/oracle/folded-record.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { Reprise } from '../../reprise.ts';
import type { IdleAdvance } from '../../runner/store/idle-advance.ts';
import { compareRows } from './compare-rows.ts';
import { queryRows, type ViewRow, viewColumns } from './query-rows.ts';
import { wholeLog } from './whole-log.ts';

/**
 * Folds decoded records and idle advances with the interpreted fold. Returns the rows that the
 * stable view should show, by SQL column names.
 */
export type IndependentFold = (
  plan: Plan,
  items: readonly (FoldedRecord | FoldedTick)[],
) => readonly ViewRow[];

/**
 * Compares the stable view of a projection with an independent fold of the whole log. Steps: 1 read
 * and decode every record, as whole events, with a decoder that the runner does not use; order the
 * topics of each partition, and insert the idle advances that the tasks recorded, 2 fold them, 3
 * compare with the view exactly, column by column. Nothing may be published in the meantime.
 * @returns differences in words; empty if equal
 */
export async function verifyProjection(
  app: Reprise,
  plan: Plan,
  fold: IndependentFold,
): Promise<readonly string[]> {
  const records: FoldedRecord[] = [];
  const topics = new Set<string>();
  for (const { event } of plan.sources) {
    // A tombstone belongs to no event: it is read once, whichever events of its topic are read.
    const isAgain = topics.has(event.topic);
    topics.add(event.topic);
    for await (const each of wholeLog(app, event)) {
      if (!(isAgain && each.event === null)) records.push({ ...each, of: event });
    }
  }
  const advances = await app.versions.idleAdvances(plan.name);
  const items = withAdvances(inOrder(records), advances);
  const expected = fold(plan, items); // 1, 2
  const actual = await queryRows(app, plan.name, {});
  const keys = plan.table.columns.filter(({ role }) => role === 'key').map(({ name }) => name);
  const measures = viewColumns(plan).filter((column) => !keys.includes(column));
  const differences = compareRows(expected, actual, { keys, measures }); // 3
  return differences.map((difference) => `${plan.name} v${plan.version}: ${difference}`);
}

/**
 * Orders the records of each partition as tasks fold them: merged by record timestamp, ties by
 * topic; by offset within a topic (ADR 0010).
 */
function inOrder(records: readonly FoldedRecord[]): FoldedRecord[] {
  const topics = new Map<string, FoldedRecord[]>();
  for (const each of records) {
    const name = `${each.record.partition} ${each.record.topic}`;
    const list = topics.get(name);
    if (list === undefined) topics.set(name, [each]);
    else list.push(each);
  }
  const heads = [...topics]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, list]) => ({
      next: 0,
      list: list.sort((a, b) => Number(a.record.offset - b.record.offset)),
    }));
  const ordered: FoldedRecord[] = [];
  for (;;) {
    let least: (typeof heads)[number] | null = null;
    for (const head of heads) {
      if (least === null || timestampOf(head) < timestampOf(least)) least = head;
    }
    const record = least?.list[least.next];
    if (least === null || record === undefined) return ordered;
    least.next += 1;
    ordered.push(record);
  }
}

function timestampOf(head: {
  readonly list: readonly FoldedRecord[];
  readonly next: number;
}): number {
  return head.list[head.next]?.record.timestampMs ?? Number.POSITIVE_INFINITY;
}

/** Inserts each idle advance before the first record after it. */
function withAdvances(
  records: readonly FoldedRecord[],
  advances: readonly IdleAdvance[],
): (FoldedRecord | FoldedTick)[] {
  const waiting = [...advances];
  const items: (FoldedRecord | FoldedTick)[] = [];
  for (const each of records) {
    const { topic, partition, offset } = each.record;
    while (waiting.length > 0) {
      const next = waiting.findIndex((advance) => advance.partition === partition);
      const advance = waiting[next];
      if (advance === undefined || (advance.nextOffsets.get(topic) ?? 0n) > offset) break;
      waiting.splice(next, 1);
      items.push(tickOf(advance));
    }
    items.push(each);
  }
  return [...items, ...waiting.map(tickOf)];
}

function tickOf({ partition, idleMs }: IdleAdvance): FoldedTick {
  return { tick: { partition, quietMs: idleMs } };
}
