import type { ClientBase } from 'pg';
import { inTransaction } from '../../postgres/in-transaction.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import { keyNames, quoted, quotedList, tableName } from '../../readmodel/table-name.ts';
import { RepriseError } from '../../reprise-error.ts';
import { resumeProjection } from '../ownership/pause-projection.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { copyLateKeys } from '../store/late-event-store.ts';
import { fenceTasks, readTaskTotals } from '../store/task-store.ts';
import { setPaused } from '../store/version-store.ts';
import { type Replayed, verifyAnd } from './verify.ts';
import type { RepairReport, VerifyOptions } from './verify-report.ts';

/**
 * Replaces the rows of the declared version that differ from a replay, in place: after `verify`
 * found differences, or for rows that hold values forgotten since. Steps: 1 pause the projection
 * and take its tasks from their owners, whose memory holds the old rows, 2 replay into scratch
 * tables up to the offsets of the version, 3 replace the rows that differ, in one transaction, 4
 * resume, unless the projection was paused before. Readers see the old rows until step 3 commits. A
 * failure before that changes nothing, and the repair may be repeated.
 * @throws what `verify` throws, REPAIR_REFUSED
 */
export async function repair(
  settings: RunnerSettings,
  plan: Plan,
  options: VerifyOptions = {},
): Promise<RepairReport> {
  const { pool } = settings;
  const { name: projection, version } = plan;
  const tasks = { projection, version };
  const wasPaused = await setPaused(pool, projection, true); // 1
  try {
    await fenceTasks(pool, tasks);
    const before = await readTaskTotals(pool, tasks);
    const { records, seconds, differentRows } = await verifyAnd(
      settings,
      plan,
      options,
      (replayed) =>
        inTransaction(pool, async (client) => {
          await fenceTasks(client, tasks);
          const { flushes } = await readTaskTotals(client, tasks);
          if (flushes !== before.flushes) throw movedOn(plan);
          await replaceRows(client, replayed); // 3
        }),
    ); // 2
    return {
      name: plan.name,
      version: plan.version,
      records,
      rowsReplaced: differentRows,
      seconds,
    };
  } finally {
    if (!wasPaused) await resumeProjection(pool, projection); // 4
  }
}

async function replaceRows(client: ClientBase, { live, scratch }: Replayed): Promise<void> {
  await client.query('set local statement_timeout = 0');
  for (const [i, table] of live.tables.entries()) {
    await replaceTable(client, table, scratch.tables[i] as TablePlan);
  }
  await copyLateKeys(client, live, scratch);
}

async function replaceTable(
  client: ClientBase,
  live: TablePlan,
  replayed: TablePlan,
): Promise<void> {
  const same = ['_partition', ...keyNames(live)]
    .map((key) => `l.${quoted(key)} = r.${quoted(key)}`)
    .join(' and ');
  await client.query(
    `delete from ${tableName(live)} l where not exists
       (select 1 from ${tableName(replayed)} r where ${same} and l::text = r::text)`,
  );
  const columns = quotedList(['_partition', ...live.columns.map(({ name }) => name)]);
  await client.query(
    `insert into ${tableName(live)} (${columns}) select ${columns} from ${tableName(replayed)} r
     where not exists (select 1 from ${tableName(live)} l where ${same})`,
  );
}

function movedOn(plan: Plan): RepriseError {
  return new RepriseError(
    'REPAIR_REFUSED',
    `${plan.name} v${plan.version} committed while its rows were replayed (a redrive, or a process that ignores the pause); nothing was replaced. Try again.`,
    { retriable: true, facts: { projection: plan.name, version: plan.version } },
  );
}
