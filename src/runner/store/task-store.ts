import type { ClientBase, Pool } from 'pg';
import { IS_UNOWNED } from './instance-store.ts';
import type { TaskKey } from './task-key.ts';

/** A task's state in Postgres. */
export type TaskState = 'idle' | 'running' | 'paused' | 'halted';

/** Selects tasks of a projection: of one version, of one partition, or all. */
export interface TaskSelection {
  readonly projection: string;
  readonly version?: number;
  readonly partition?: number | null;
}

const SELECTED =
  '($1::text is null or projection = $1) and ($2::int is null or version = $2) and ($3::int is null or partition = $3)';

function parametersOf(of: Partial<TaskSelection>): readonly unknown[] {
  return [of.projection ?? null, of.version ?? null, of.partition ?? null];
}

const FENCE = 'epoch = epoch + 1, owner = null, lease_until = clock_timestamp()';

/**
 * SQL assignments that take tasks from their owners, who then commit nothing more. A halted task
 * stays halted.
 */
export const FENCE_UNHALTED = `${FENCE}, state = case state when 'halted' then 'halted' else 'idle' end`;

/**
 * Takes tasks from their owners, who then commit nothing more. Halted tasks are tried afresh.
 * `states`: only tasks in these states; default: all. @returns how many were taken
 */
export async function fenceTasks(
  client: Pick<ClientBase, 'query'>,
  of: TaskSelection,
  states: readonly TaskState[] = ['idle', 'running', 'paused', 'halted'],
): Promise<number> {
  const { rowCount } = await client.query(
    `update reprise.tasks set ${FENCE}, state = 'idle', error = null where ${SELECTED} and state = any($4)`,
    [...parametersOf(of), states],
  );
  return rowCount ?? 0;
}

/** Locks the rows of tasks until the transaction ends, in the order of their key. */
export async function lockTasks(client: ClientBase, of: Partial<TaskSelection>): Promise<void> {
  await client.query(
    `select from reprise.tasks where ${SELECTED} order by projection, version, partition for update`,
    [...parametersOf(of)],
  );
}

/** Totals of the tasks of a version. */
export interface TaskTotals {
  readonly tasks: number;
  /** Commits of all tasks. */
  readonly flushes: bigint;
  /** Whether a task has committed more than once. */
  readonly flushedAgain: boolean;
}

/** Adds up the tasks of a version. */
export async function readTaskTotals(
  client: Pick<ClientBase, 'query'>,
  of: { readonly projection: string; readonly version: number },
): Promise<TaskTotals> {
  const { rows } = await client.query<{ tasks: number; flushes: string; again: boolean }>(
    `select count(*)::int as tasks, coalesce(sum(flushes), 0)::text as flushes,
       coalesce(bool_or(flushes > 1), false) as again
     from reprise.tasks where ${SELECTED}`,
    [...parametersOf(of)],
  );
  const { tasks = 0, flushes = '0', again = false } = rows[0] ?? {};
  return { tasks, flushes: BigInt(flushes), flushedAgain: again };
}

/** Reads the partitions for which a version has a task. */
export async function readTaskPartitions(
  client: ClientBase,
  of: { readonly projection: string; readonly version: number },
): Promise<readonly number[]> {
  const { rows } = await client.query<{ partition: number }>(
    `select partition from reprise.tasks where ${SELECTED} order by partition`,
    [...parametersOf(of)],
  );
  return rows.map(({ partition }) => partition);
}

/** A stored task, with its checkpoint in one topic. */
export interface StoredTask extends TaskKey {
  readonly epoch: string;
  /** Null: it has no owner, or the owner is dead. */
  readonly owner: string | null;
  readonly state: TaskState;
  readonly error: string | null;
  /** Null: the task has read nothing yet. */
  readonly topic: string | null;
  readonly topic_id: string | null;
  readonly next_offset: string | null;
  readonly watermark_ms: number | null;
}

/** Reads the tasks of projections, one row for each topic that a task has read. */
export async function readTasks(
  client: ClientBase,
  projections: readonly string[],
): Promise<readonly StoredTask[]> {
  const { rows } = await client.query<StoredTask>(
    `select t.projection, t.version, t.partition, t.epoch, t.error, case when u.is_unowned then null else t.owner end as owner,
       case when u.is_unowned and t.state <> 'halted' then 'idle' else t.state end as state, c.topic, c.topic_id, c.next_offset, t.watermark_ms
     from reprise.tasks t left join reprise.checkpoints c using (projection, version, partition),
     lateral (select ${IS_UNOWNED} as is_unowned) u
     where t.projection = any($1) order by t.projection, t.version, t.partition, c.topic`,
    [projections],
  );
  return rows;
}

/**
 * A task of a projection that publishes; with a null `partition`, a version that has no task yet.
 */
export interface PublishingTask {
  readonly version: string;
  readonly partition: number | null;
  /** Lower bound of the times of all events that it will publish; null: unknown. */
  readonly from_ms: number | null;
  /** True: it recorded that it publishes nothing until a record arrives, and has a live owner. */
  readonly is_silent: boolean | null;
  /** Its next offsets, by topic; null: it has read nothing there. */
  readonly offsets: Readonly<Record<string, string | null>>;
}

/**
 * Reads the tasks that publish on a topic: those of active versions, and, for projections without
 * an active version, those of every version that may become active.
 */
export async function readPublishingTasks(
  pool: Pool,
  topic: string,
): Promise<readonly PublishingTask[]> {
  const { rows } = await pool.query<PublishingTask>(
    `with publishers as (
       select v.projection, v.version, v.plan from reprise.projection_versions v
       join reprise.projections p on p.projection = v.projection
       where v.plan -> 'emissions' @> jsonb_build_array(jsonb_build_object('event', jsonb_build_object('topic', $1::text)))
         and (v.version = p.active_version or (p.active_version is null and v.as_of is null)))
     select concat_ws('/', p.projection, p.version) as version, t.partition,
       case when t.publishes_from_ms = 'Infinity' then t.watermark_ms else t.publishes_from_ms end as from_ms,
       t.publishes_from_ms = 'Infinity' and not ${IS_UNOWNED} as is_silent,
       (select jsonb_object_agg(s -> 'event' ->> 'topic', (
          select c.next_offset::text from reprise.checkpoints c
          where (c.projection, c.version, c.partition, c.topic) = (p.projection, p.version, t.partition, s -> 'event' ->> 'topic')))
        from jsonb_array_elements(p.plan -> 'sources') s) as offsets
     from publishers p left join reprise.tasks t on (t.projection, t.version) = (p.projection, p.version)`,
    [topic],
  );
  return rows;
}
