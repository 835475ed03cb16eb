import type { ClientBase } from 'pg';
import { createTaskFold } from '../../fold/create-task-fold.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { addConstraints } from '../../readmodel/add-constraints.ts';
import { copyRows } from '../../readmodel/copy-rows.ts';
import type { DuplicatesAmong } from '../../readmodel/take-duplicates.ts';
import { takeDuplicates } from '../../readmodel/take-duplicates.ts';
import { readTaskTotals } from '../store/task-store.ts';

/**
 * Turns the partial rows that a rebuild appended into a read model, in the caller's transaction:
 * merges rows of keys that were appended more than once, and adds the primary key and indexes. If
 * every task flushed only once, there are no such rows. `onPhase` receives each phase.
 */
export async function finishTable(
  client: ClientBase,
  plan: Plan,
  onPhase: (phase: 'merge' | 'index') => void,
): Promise<void> {
  const merge = async (among: DuplicatesAmong) => {
    onPhase('merge');
    await mergeDuplicates(client, plan, among);
  };
  const { tasks, flushedAgain } = await readTaskTotals(client, {
    projection: plan.name,
    version: plan.version,
  });
  if (flushedAgain) await merge('transactions');
  onPhase('index');
  if ((await addConstraints(client, plan.table, tasks)) === 'added') return;
  // Rows that were dumped and restored midway all have one transaction id.
  await merge('all rows');
  if ((await addConstraints(client, plan.table, tasks)) === 'added') return;
  throw new TypeError(`${plan.table.name} v${plan.version} has duplicate keys after merging`);
}

/**
 * Merges with the aggregates' own merge, so the result equals one uninterrupted fold. Memory holds
 * one slice of the rows at a time, whatever the number of rows.
 */
async function mergeDuplicates(
  client: ClientBase,
  plan: Plan,
  among: DuplicatesAmong,
): Promise<void> {
  const fold = createTaskFold(plan, {
    clock: { maxEventTimeMs: null, watermarkMs: null, nowMs: null },
    mode: 'partial',
  });
  for await (const { partition, rows } of takeDuplicates(client, plan.table, among)) {
    fold.absorb(plan.table, rows);
    for (const { table, rows: merged } of fold.takeChanges().tables) {
      await copyRows(client, table, partition, merged);
    }
    fold.committed();
  }
}
