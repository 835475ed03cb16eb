import type { ClientBase } from 'pg';
import { createTaskFold } from '../../fold/create-task-fold.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { addConstraints } from '../../readmodel/add-constraints.ts';
import { copyRows } from '../../readmodel/copy-rows.ts';
import type { DuplicatesAmong } from '../../readmodel/take-duplicates.ts';
import { takeDuplicates } from '../../readmodel/take-duplicates.ts';
import { readTaskTotals } from '../store/task-store.ts';

/**
 * Makes a read model of the partial rows that a rebuild appended, in the caller's transaction:
 * merges those of keys that were appended more than once, and adds the primary key and indexes.
 * Where every task was flushed once there are none. `onPhase` is told what is being done.
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
  // Rows that were dumped and restored half-way are all of one transaction.
  await merge('all rows');
  if ((await addConstraints(client, plan.table, tasks)) === 'added') return;
  throw new TypeError(`${plan.table.name} v${plan.version} has duplicate keys after merging`);
}

/**
 * The aggregates' own merge is used, so the result is what one uninterrupted fold would have given.
 * Memory holds a slice of the rows at a time, however many there are.
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
