import type { Pool } from 'pg';
import type { EventLog, TopicDescription } from '../log/event-log.ts';
import type { Plan } from '../projection/plan.ts';
import { countRows } from '../readmodel/count-rows.ts';
import type { ProjectionStatus, TaskStatus } from '../reprise.ts';
import { assertDatabase } from './assert-database.ts';
import { IS_UNOWNED } from './ownership/instance-store.ts';
import type { RunnerSettings } from './settings.ts';
import { topicsOf } from './topics-of.ts';
import { inTransaction } from './transaction.ts';
import { readVersions } from './version-store.ts';

interface TaskRow {
  partition: number;
  epoch: string;
  owner: string | null;
  state: TaskStatus['state'];
  error: string | null;
  topic: string | null;
  next_offset: string | null;
  watermark_ms: number | null;
}

/** A task that no process has opened yet: all its records are still to be folded. */
const NOT_BEGUN: Omit<TaskRow, 'topic' | 'partition'> = {
  epoch: '0',
  owner: null,
  state: 'idle',
  error: null,
  next_offset: null,
  watermark_ms: null,
};

/** What Postgres and the log say of every stored version of the declared projections; true whichever process runs them. */
export async function readStatus(
  settings: Pick<RunnerSettings, 'pool' | 'log'>,
  plans: readonly Plan[],
): Promise<readonly ProjectionStatus[]> {
  await assertDatabase(settings.pool);
  const statuses: ProjectionStatus[] = [];
  for (const plan of plans) {
    const topics = await describeTopics(settings.log, plan);
    const versions = await inTransaction(settings.pool, (client) =>
      readVersions(client, plan.name),
    );
    const paused = await isPaused(settings.pool, plan.name);
    for (const { version, state } of versions) {
      const tasks = await readTasks(settings, { plan, version, topics });
      statuses.push({
        name: plan.name,
        version,
        state,
        paused,
        rows: await inTransaction(settings.pool, (client) =>
          countRows(client, { ...plan.table, version }),
        ),
        lagRecords: tasks.reduce((sum, task) => sum + task.lagRecords, 0n),
        ...(await countSetAside(settings, plan.name, version)),
        tasks,
      });
    }
  }
  return statuses;
}

async function isPaused(pool: Pool, projection: string): Promise<boolean> {
  const { rows } = await pool.query<{ paused: boolean }>(
    'select paused from reprise.projections where projection = $1',
    [projection],
  );
  return rows[0]?.paused ?? false;
}

async function describeTopics(
  log: EventLog,
  plan: Plan,
): Promise<ReadonlyMap<string, TopicDescription>> {
  return log.describe(topicsOf(plan));
}

async function readTasks(
  settings: Pick<RunnerSettings, 'pool'>,
  target: {
    readonly plan: Plan;
    readonly version: number;
    readonly topics: ReadonlyMap<string, TopicDescription>;
  },
): Promise<readonly TaskStatus[]> {
  const { rows } = await settings.pool.query<TaskRow>(
    `select t.partition, t.epoch, t.error, case when ${IS_UNOWNED} then null else t.owner end as owner,
       case when ${IS_UNOWNED} and t.state <> 'halted' then 'idle' else t.state end as state, c.topic, c.next_offset, t.watermark_ms
     from reprise.tasks t left join reprise.checkpoints c using (projection, version, partition)
     where t.projection = $1 and t.version = $2 order by t.partition, c.topic`,
    [target.plan.name, target.version],
  );
  const begun = new Set(rows.map(({ partition }) => partition));
  const waiting = [...target.topics.values()].flatMap(({ topic, partitions }) =>
    partitions.flatMap(({ partition }) => (begun.has(partition) ? [] : [{ topic, partition }])),
  );
  return [...rows, ...waiting.map((which) => ({ ...NOT_BEGUN, ...which }))].map((row) =>
    taskStatus(row, target),
  );
}

function taskStatus(
  row: TaskRow,
  target: { readonly plan: Plan; readonly topics: ReadonlyMap<string, TopicDescription> },
): TaskStatus {
  const topic = row.topic ?? target.plan.sources[0]?.event.topic ?? '';
  const partition = target.topics.get(topic)?.partitions[row.partition];
  const nextOffset = BigInt(row.next_offset ?? partition?.startOffset ?? 0n);
  const stableEndOffset = partition?.stableEndOffset ?? nextOffset;
  const lagRecords = stableEndOffset > nextOffset ? stableEndOffset - nextOffset : 0n;
  return {
    partition: row.partition,
    state: row.state,
    nextOffset,
    stableEndOffset,
    lagRecords,
    watermark: row.watermark_ms === null ? null : new Date(row.watermark_ms),
    epoch: BigInt(row.epoch),
    owner: row.owner,
    error: row.error,
  };
}

async function countSetAside(
  settings: Pick<RunnerSettings, 'pool'>,
  projection: string,
  version: number,
): Promise<Pick<ProjectionStatus, 'deadLetters' | 'lateEvents' | 'unpublished'>> {
  const of = 'where projection = $1 and version = $2';
  const { rows } = await settings.pool.query<Record<'dead' | 'late' | 'unpublished', string>>(
    `select (select count(*) from reprise.dead_letters ${of}) as dead,
       (select count(*) from reprise.late_events ${of}) as late,
       (select count(*) from reprise.outbox ${of} and not held) as unpublished`,
    [projection, version],
  );
  const [row] = rows;
  return {
    deadLetters: BigInt(row?.dead ?? 0),
    lateEvents: BigInt(row?.late ?? 0),
    unpublished: BigInt(row?.unpublished ?? 0),
  };
}
