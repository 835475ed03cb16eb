import type { ClientBase } from 'pg';
import { createTaskFold } from '../fold/create-task-fold.ts';
import type { Plan } from '../projection/plan.ts';
import { addConstraints } from '../readmodel/add-constraints.ts';
import { copyRows } from '../readmodel/copy-rows.ts';
import { takeDuplicates } from '../readmodel/duplicate-rows.ts';

/**
 * Merges the partial rows of keys that a rebuild appended more than once, and adds the primary key and indexes, all in the caller's transaction.
 * The aggregates' own merge is used, so the result is what one uninterrupted fold would have given. Memory holds a slice of them at a time, however many there are.
 */
export async function mergeDuplicates(client: ClientBase, plan: Plan): Promise<void> {
  const fold = createTaskFold(plan, {
    clock: { maxEventTimeMs: null, watermarkMs: null, nowMs: null },
    mode: 'partial',
  });
  for await (const { partition, rows: partials } of takeDuplicates(client, plan.table)) {
    fold.absorb(plan.table, partials);
    for (const { table, rows } of fold.takeChanges().tables) {
      await copyRows(client, table, partition, rows);
    }
    fold.committed();
  }
  const added = await addConstraints(client, plan.table);
  if (added === 'duplicates') {
    throw new TypeError(
      `${plan.table.name} v${plan.version} still has duplicate keys after merging`,
    );
  }
}
