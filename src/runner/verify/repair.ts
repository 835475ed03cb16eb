import type { ClientBase, Pool } from 'pg';
import type { Plan } from '../../projection/plan/plan.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import { keyNames, quoted, quotedList, tableName } from '../../readmodel/table-name.ts';
import { RepriseError } from '../../reprise-error.ts';
import { pauseProjection, resumeProjection } from '../ownership/pause-projection.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { inTransaction } from '../store/in-transaction.ts';
import { type Replayed, verifyAnd } from './verify.ts';
import type { RepairReport, VerifyOptions } from './verify-report.ts';

/**
 * Replaces the rows of the declared version that differ from a replay, in place: after `verify`
 * found some, or for rows that hold what was forgotten since. 1 pause the projection and take its
 * tasks from their owners, whose memory holds the old rows; 2 replay into scratch tables up to
 * where the version stands; 3 in one transaction replace the rows that differ; 4 let it run again,
 * unless it was paused before. Readers see the old rows until 3 commits. What goes wrong before
 * leaves everything as it was, and may be tried again.
 * @throws what `verify` throws, REPAIR_REFUSED
 */
export async function repair(
  settings: RunnerSettings,
  plan: Plan,
  options: VerifyOptions = {},
): Promise<RepairReport> {
  const { pool } = settings;
  const wasPaused = await isPaused(pool, plan.name);
  await pauseProjection(pool, plan.name); // 1
  try {
    await inTransaction(pool, (client) => takeTasks(client, plan));
    const before = await standing(pool, plan);
    const { records, seconds, differentRows } = await verifyAnd(
      settings,
      plan,
      options,
      (replayed) =>
        inTransaction(pool, async (client) => {
          await takeTasks(client, plan);
          if ((await standing(client, plan)) !== before) throw movedOn(plan);
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
    if (!wasPaused) await resumeProjection(pool, plan.name); // 4
  }
}

/** Ends what owners have in memory: an epoch of before commits nothing. */
async function takeTasks(client: ClientBase, { name, version }: Plan): Promise<void> {
  await client.query(
    `update reprise.tasks set epoch = epoch + 1, owner = null, state = 'idle', lease_until = clock_timestamp()
     where projection = $1 and version = $2`,
    [name, version],
  );
}

/**
 * Commits of the version's tasks so far: the same number means that nothing was committed between.
 */
async function standing(client: Pick<ClientBase, 'query'>, plan: Plan): Promise<string> {
  const { rows } = await client.query<{ flushes: string }>(
    'select coalesce(sum(flushes), 0)::text as flushes from reprise.tasks where projection = $1 and version = $2',
    [plan.name, plan.version],
  );
  return rows[0]?.flushes ?? '0';
}

async function isPaused(pool: Pool, projection: string): Promise<boolean> {
  const { rows } = await pool.query<{ paused: boolean }>(
    'select paused from reprise.projections where projection = $1',
    [projection],
  );
  return rows[0]?.paused ?? false;
}

async function replaceRows(client: ClientBase, { live, scratch }: Replayed): Promise<void> {
  await client.query('set local statement_timeout = 0');
  for (const [i, table] of live.tables.entries()) {
    await replaceTable(client, table, scratch.tables[i] as TablePlan);
  }
  // Late events keep their keys as text.
  await client.query(
    `update reprise.late_events l set key = r.key from reprise.late_events r
     where l.projection = $1 and l.version = $2 and r.projection = $1 and r.version = $3
       and l.topic = r.topic and l.partition = r.partition and l."offset" = r."offset"
       and l.window_start is not distinct from r.window_start and l.key is distinct from r.key`,
    [live.name, live.version, scratch.version],
  );
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
    `${plan.name} v${plan.version} moved on while its rows were replayed (a redrive, or a process that does not know of pauses); nothing was replaced. Try again.`,
    { retriable: true, facts: { projection: plan.name, version: plan.version } },
  );
}
