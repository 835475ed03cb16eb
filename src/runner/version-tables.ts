import type { ClientBase } from 'pg';
import type { Plan } from '../projection/plan.ts';
import { createTable } from '../readmodel/create-table.ts';
import { swapView } from '../readmodel/swap-view.ts';

/** Creates every table of a version. `later`: without the constraints of the read model, which a rebuild adds at its end. */
export async function createTables(
  client: ClientBase,
  plan: Plan,
  constraints: 'now' | 'later',
): Promise<void> {
  for (const table of plan.tables) await createTable(client, table, { constraints });
}

/** Points every stable view of a projection at this version's tables; as merging views where topics have gained partitions. */
export async function swapViews(client: ClientBase, plan: Plan): Promise<void> {
  const { rows } = await client.query<{ grown: boolean }>(
    'select partitions_grew as grown from reprise.projections where projection = $1',
    [plan.name],
  );
  for (const table of plan.tables) {
    if (table.view !== null) await swapView(client, table, rows[0]?.grown ?? false);
  }
}
