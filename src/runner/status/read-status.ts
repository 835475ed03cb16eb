import type { ClientBase } from 'pg';
import type { TopicDescription } from '../../log/event-log.ts';
import type { Plan } from '../../projection/plan.ts';
import type { ProjectionStatus, StatusOptions, TaskStatus } from '../../reprise.ts';
import { assertDatabase } from '../assert-database.ts';
import { IS_UNOWNED } from '../ownership/instance-store.ts';
import type { RunnerSettings } from '../settings.ts';
import { topicsOf } from '../topics-of.ts';
import { inTransaction } from '../transaction.ts';
import { describeWhatAnswers } from './parts.ts';
import { readCounts } from './stored-counts.ts';

interface TaskRow {
  projection: string;
  version: number;
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
const NOT_BEGUN: Omit<TaskRow, 'topic' | 'partition' | 'projection' | 'version'> = {
  epoch: '0',
  owner: null,
  state: 'idle',
  error: null,
  next_offset: null,
  watermark_ms: null,
};

/** What the log said of topics; those that it did not answer for are missing. */
type Topics = ReadonlyMap<string, TopicDescription>;

/**
 * What Postgres and the log say of every stored version of the declared projections; true whichever process runs them. A log that is away
 * leaves ends and lag unknown. Two statements and one question to the log, however many projections there are.
 */
export async function readStatus(
  settings: Pick<RunnerSettings, 'pool' | 'log'>,
  plans: readonly Plan[],
  options: StatusOptions = {},
): Promise<readonly ProjectionStatus[]> {
  await assertDatabase(settings.pool);
  const names = plans.map(({ name }) => name);
  const topics = await describeWhatAnswers(settings, [...new Set(plans.flatMap(topicsOf))]);
  const [counts, rows] = await inTransaction(
    settings.pool,
    async (client) =>
      [await readCounts(client, names, options), await readTasks(client, names)] as const,
  );
  return counts.map((stored) => {
    const plan = plans.find(({ name }) => name === stored.name) as Plan;
    const own = rows.filter(
      ({ projection, version }) => projection === stored.name && version === stored.version,
    );
    const tasks = tasksOf(plan, own, topics);
    const isKnown = topicsOf(plan).every((topic) => topics.has(topic));
    return { ...stored, lagRecords: isKnown ? lagOf(tasks) : null, tasks };
  });
}

async function readTasks(
  client: ClientBase,
  names: readonly string[],
): Promise<readonly TaskRow[]> {
  const { rows } = await client.query<TaskRow>(
    `select t.projection, t.version, t.partition, t.epoch, t.error, case when u.is_unowned then null else t.owner end as owner,
       case when u.is_unowned and t.state <> 'halted' then 'idle' else t.state end as state, c.topic, c.next_offset, t.watermark_ms
     from reprise.tasks t left join reprise.checkpoints c using (projection, version, partition),
     lateral (select ${IS_UNOWNED} as is_unowned) u
     where t.projection = any($1) order by t.projection, t.version, t.partition, c.topic`,
    [names],
  );
  return rows;
}

/** Null: unknown for one of them. */
function lagOf(tasks: readonly TaskStatus[]): bigint | null {
  return tasks.reduce<bigint | null>(
    (sum, { lagRecords }) => (sum === null || lagRecords === null ? null : sum + lagRecords),
    0n,
  );
}

/** The tasks that are stored, and those that the partitions of the log call for. */
function tasksOf(plan: Plan, rows: readonly TaskRow[], topics: Topics): readonly TaskStatus[] {
  const begun = new Set(rows.map(({ partition }) => partition));
  const waiting = topicsOf(plan).flatMap((topic) =>
    (topics.get(topic)?.partitions ?? []).flatMap(({ partition }) =>
      begun.has(partition) ? [] : [{ ...NOT_BEGUN, topic, partition }],
    ),
  );
  return [...rows, ...waiting].map((row) => taskStatus(row, plan, topics));
}

function taskStatus(
  row: Omit<TaskRow, 'projection' | 'version'>,
  plan: Plan,
  topics: Topics,
): TaskStatus {
  const topic = row.topic ?? plan.sources[0]?.event.topic ?? '';
  const partition = topics.get(topic)?.partitions[row.partition];
  const nextOffset = BigInt(row.next_offset ?? partition?.startOffset ?? 0n);
  const stableEndOffset = partition?.stableEndOffset ?? null;
  return {
    partition: row.partition,
    state: row.state,
    nextOffset,
    stableEndOffset,
    lagRecords: stableEndOffset === null ? null : lag(nextOffset, stableEndOffset),
    watermark: row.watermark_ms === null ? null : new Date(row.watermark_ms),
    epoch: BigInt(row.epoch),
    owner: row.owner,
    error: row.error,
  };
}

function lag(nextOffset: bigint, stableEndOffset: bigint): bigint {
  return stableEndOffset > nextOffset ? stableEndOffset - nextOffset : 0n;
}
