import type { ClientBase, Pool } from 'pg';
import { RepriseError } from '../../reprise-error.ts';
import { readQuarantinedLetters } from './dead-letter-store.ts';
import { IS_UNOWNED } from './instance-store.ts';
import { readJournal } from './journal-store.ts';
import type { OwnedTask, TaskKey, TopicCheckpoint } from './task-key.ts';
import { taskLabel } from './task-key.ts';
import { FENCE_UNHALTED } from './task-store.ts';

interface CheckpointRow {
  topic: string;
  topic_id: string;
  next_offset: string;
  last_offset: string | null;
  last_leader_epoch: number | null;
  last_record_hash: string | null;
  max_event_time_ms: number | null;
  sequences: Record<string, number> | null;
}

const COLUMNS =
  'topic, topic_id, next_offset, last_offset, last_leader_epoch, last_record_hash, max_event_time_ms, sequences';
const KEY = 'projection = $1 and version = $2 and partition = $3';

function keyOf(task: TaskKey): [string, number, number] {
  return [task.projection, task.version, task.partition];
}

/**
 * Takes a task: raises its epoch, so that its previous owner commits nothing more, and reads its
 * checkpoints. `onlyUnowned`: fail if a live instance owns it. If the owner ended without handing
 * the task back or halting it, a death is counted. A halted task is tried afresh, without deaths.
 * @throws LEASED when a live instance owns it, FENCED when the version was retired
 */
export async function acquireTask(
  client: ClientBase,
  task: TaskKey,
  by: { readonly owner: string; readonly onlyUnowned: boolean },
): Promise<OwnedTask> {
  await assertNotRetired(client, task);
  const { rows } = await client.query<{
    epoch: string;
    flushes: string;
    watermark_ms: number | null;
    deaths: number;
    trying: string | null;
    tried: number;
    passed_ms: number | null;
  }>(
    `insert into reprise.tasks as t (projection, version, partition, epoch, owner, state)
     values ($1, $2, $3, 1, $4, 'running')
     on conflict (projection, version, partition)
     do update set epoch = t.epoch + 1, owner = excluded.owner, state = 'running', error = null,
       deaths = case when t.state not in ('running', 'paused') then 0
         when t.state = 'running' and t.owner is distinct from excluded.owner and ${IS_UNOWNED} then t.deaths + 1
         else t.deaths end,
       tried = case when t.state = 'halted' then 0 else t.tried end,
       publishes_from_ms = case when t.publishes_from_ms = 'Infinity' then t.watermark_ms else t.publishes_from_ms end
     where not $5 or t.owner = excluded.owner or ${IS_UNOWNED}
     returning epoch, flushes, watermark_ms, deaths, trying, tried,
       (select passed_ms from reprise.covered_time where ${KEY}) as passed_ms`,
    [...keyOf(task), by.owner, by.onlyUnowned],
  );
  const [row] = rows;
  if (row === undefined) {
    throw new RepriseError(
      'LEASED',
      `${taskLabel(task)} is run by another instance; reprise status says by which. It can be taken once that one ends or hands it back.`,
      { facts: factsOf(task) },
    );
  }
  return {
    projection: task.projection,
    version: task.version,
    partition: task.partition,
    epoch: BigInt(row.epoch),
    owner: by.owner,
    status: {
      flushes: BigInt(row.flushes),
      watermarkMs: row.watermark_ms,
      deaths: row.deaths,
      trying: row.trying === null ? null : { record: row.trying, times: row.tried },
    },
    passedMs: row.passed_ms,
    checkpoints: await readCheckpoints(client, task),
    journal: await readJournal(client, task),
    quarantinedLetters: await readQuarantinedLetters(client, task),
  };
}

/**
 * Refuses a retired version: its projection is stored, but the version is not. Version 0, used by
 * `verify`, is never retired. @throws FENCED
 */
async function assertNotRetired(client: ClientBase, task: TaskKey): Promise<void> {
  if (task.version === 0) return;
  const { rowCount } = await client.query(
    'select from reprise.projection_versions where projection = $1 and version = $2 for key share',
    [task.projection, task.version],
  );
  if (rowCount === 1) return;
  const known = await client.query('select from reprise.projections where projection = $1', [
    task.projection,
  ]);
  if (known.rowCount === 0) return;
  throw new RepriseError(
    'FENCED',
    `${taskLabel(task)} no longer exists: its version was retired and its tables were dropped. To build it again, run: reprise rebuild ${task.projection}`,
    { facts: factsOf(task) },
  );
}

/** Reads the checkpoints of a task, by topic. */
async function readCheckpoints(
  client: ClientBase,
  task: TaskKey,
): Promise<Map<string, TopicCheckpoint>> {
  const { rows } = await client.query<CheckpointRow>(
    `select ${COLUMNS} from reprise.checkpoints where ${KEY}`,
    keyOf(task),
  );
  return new Map(rows.map((row) => [row.topic, fromRow(row)]));
}

/** Number of commits and checkpoints of a task, read under its lock. */
export interface LockedTask {
  readonly flushes: bigint;
  readonly checkpoints: ReadonlyMap<string, TopicCheckpoint>;
}

/**
 * Locks the task's row until the transaction ends and reads its offsets under the lock. A commit of
 * an old owner still in progress holds the same lock, so the result is definite.
 * @throws FENCED when another epoch, or another owner of the same epoch, has the task
 */
export async function lockTask(client: ClientBase, task: OwnedTask): Promise<LockedTask> {
  const { rows } = await client.query<{ epoch: string; owner: string | null; flushes: string }>(
    `select epoch, owner, flushes from reprise.tasks where ${KEY} for update`,
    keyOf(task),
  );
  const epoch = rows[0]?.epoch;
  const owner = rows[0]?.owner;
  if (epoch === undefined || BigInt(epoch) !== task.epoch || owner !== task.owner) {
    throw new RepriseError(
      'FENCED',
      `${taskLabel(task)} belongs to ${owner ?? 'nobody'} now (epoch ${epoch ?? 'none'}, ours was ${task.epoch} of ${task.owner}); nothing was written. ` +
        'This is expected after a hand-over or an activate; start this instance again to take part.',
      { facts: { ...factsOf(task), epoch: task.epoch } },
    );
  }
  return {
    flushes: BigInt(rows[0]?.flushes ?? 0),
    checkpoints: await readCheckpoints(client, task),
  };
}

/** Event time of a task. Milliseconds. */
export interface TaskTimes {
  readonly watermarkMs: number | null;
  /**
   * Lower bound of the times of all events that it will publish. Infinity: it publishes nothing
   * until a record arrives. Null: it publishes nothing, or nothing is known.
   */
  readonly publishesFromMs: number | null;
}

/**
 * Writes the new offsets and times of a task. Must run in the transaction that writes its rows,
 * after `lockTask`.
 */
export async function advanceCheckpoints(
  client: ClientBase,
  task: TaskKey,
  checkpoints: Iterable<TopicCheckpoint>,
  { watermarkMs, publishesFromMs }: TaskTimes,
): Promise<void> {
  await client.query(
    `update reprise.tasks set flushes = flushes + 1, watermark_ms = $4, publishes_from_ms = $5 where ${KEY}`,
    [...keyOf(task), watermarkMs, publishesFromMs],
  );
  for (const next of checkpoints) {
    await client.query(
      `insert into reprise.checkpoints (projection, version, partition, topic, topic_id, next_offset,
         last_offset, last_leader_epoch, last_record_hash, max_event_time_ms, sequences)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
       on conflict (projection, version, partition, topic) do update set
         topic_id = excluded.topic_id, next_offset = excluded.next_offset, last_offset = excluded.last_offset,
         last_leader_epoch = excluded.last_leader_epoch, last_record_hash = excluded.last_record_hash,
         max_event_time_ms = excluded.max_event_time_ms, sequences = excluded.sequences`,
      [
        ...keyOf(task),
        next.topic,
        next.topicId,
        next.nextOffset.toString(),
        next.lastOffset?.toString() ?? null,
        next.lastLeaderEpoch,
        next.lastRecordHash,
        next.maxEventTimeMs,
        next.sequences === undefined ? null : JSON.stringify(Object.fromEntries(next.sequences)),
      ],
    );
  }
}

/** A checkpoint with its task. */
export interface StoredCheckpoint {
  readonly task: TaskKey;
  readonly checkpoint: TopicCheckpoint;
}

/**
 * Reads the checkpoints of all tasks in some topics, if they were taken from the topic of that id.
 * Ordered by key.
 */
export async function readCheckpointsOf(
  client: ClientBase,
  topicIds: ReadonlyMap<string, string>,
): Promise<readonly StoredCheckpoint[]> {
  const { rows } = await client.query<CheckpointRow & TaskKey>(
    `select projection, version, partition, ${COLUMNS} from reprise.checkpoints
     where (topic, topic_id) in (select * from unnest($1::text[], $2::text[]))
     order by projection, version, partition, topic`,
    [[...topicIds.keys()], [...topicIds.values()]],
  );
  return rows.map((row) => ({
    task: { projection: row.projection, version: row.version, partition: row.partition },
    checkpoint: fromRow(row),
  }));
}

/**
 * Makes a task resume from the topic of another log, and takes it from its owner. Must run in a
 * transaction.
 */
export async function rewriteCheckpoint(
  client: ClientBase,
  { task, checkpoint }: StoredCheckpoint,
): Promise<void> {
  await client.query(
    `update reprise.checkpoints set topic_id = $5, last_leader_epoch = $6 where ${KEY} and topic = $4`,
    [...keyOf(task), checkpoint.topic, checkpoint.topicId, checkpoint.lastLeaderEpoch],
  );
  await client.query(`update reprise.tasks set ${FENCE_UNHALTED} where ${KEY}`, keyOf(task));
}

/**
 * Records the state of a task (`halted` with its reason, `idle` when handed back), unless another
 * epoch owns it by now.
 */
export async function setTaskState(
  client: ClientBase,
  task: OwnedTask,
  state: 'idle' | 'running' | 'paused' | 'halted',
  error: string | null,
): Promise<void> {
  const owner = state === 'idle' ? ', owner = null, lease_until = clock_timestamp()' : '';
  await client.query(
    `update reprise.tasks set state = $5, error = $6${owner} where ${KEY} and epoch = $4 and owner = $7`,
    [...keyOf(task), task.epoch.toString(), state, error, task.owner],
  );
}

/**
 * Records that a task publishes nothing until a record arrives, unless another epoch owns it by
 * now.
 */
export async function setPublishesNothing(client: ClientBase, task: OwnedTask): Promise<void> {
  await client.query(
    `update reprise.tasks set publishes_from_ms = 'Infinity' where ${KEY} and epoch = $4 and owner = $5`,
    [...keyOf(task), task.epoch.toString(), task.owner],
  );
}

/**
 * Records which record the owner is about to fold, before it is decoded. If that ends the process,
 * the next owner reads it here.
 */
export async function markTrying(
  client: ClientBase,
  task: OwnedTask,
  record: string,
): Promise<void> {
  await client.query(
    `update reprise.tasks set tried = case when trying = $5 then tried + 1 else 1 end, trying = $5
     where ${KEY} and epoch = $4`,
    [...keyOf(task), task.epoch.toString(), record],
  );
}

/** Clears the deaths: the records at which processes ended are committed. */
export async function clearDeaths(client: ClientBase, task: OwnedTask): Promise<void> {
  await client.query(
    `update reprise.tasks set deaths = 0, trying = null, tried = 0 where ${KEY} and epoch = $4`,
    [...keyOf(task), task.epoch.toString()],
  );
}

/** The next offsets of the tasks of a version: by partition, then topic. */
export type NextOffsets = ReadonlyMap<number, ReadonlyMap<string, bigint>>;

/** Reads the next offsets of the tasks of a version, ordered by partition and topic. */
export async function readNextOffsets(
  client: Pick<ClientBase, 'query'>,
  { name, version }: { readonly name: string; readonly version: number },
): Promise<NextOffsets> {
  const { rows } = await client.query<{ topic: string; partition: number; next_offset: string }>(
    `select topic, partition, next_offset from reprise.checkpoints
     where projection = $1 and version = $2 order by partition, topic`,
    [name, version],
  );
  const offsets = new Map<number, Map<string, bigint>>();
  for (const { topic, partition, next_offset } of rows) {
    const topics = offsets.get(partition) ?? new Map<string, bigint>();
    offsets.set(partition, topics.set(topic, BigInt(next_offset)));
  }
  return offsets;
}

/** A topic in which one version is behind another. */
export interface BehindIn {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  /** Next offset of the version that is behind; 0 if it has not begun. */
  readonly offset: bigint;
  /** Next offset of the other version. */
  readonly untilOffset: bigint;
}

/**
 * Finds the topics, read by both versions from the same log, in which a version is behind another.
 */
export async function readBehind(
  client: ClientBase,
  of: {
    readonly projection: string;
    readonly version: number;
    readonly behind: number;
    readonly topics: readonly string[];
  },
): Promise<readonly BehindIn[]> {
  const { rows } = await client.query<
    Omit<BehindIn, 'offset' | 'untilOffset'> & { offset: string; untilOffset: string }
  >(
    `select old.topic, old.partition, old.topic_id as "topicId", old.next_offset as "untilOffset",
       coalesce(new.next_offset, 0) as offset
     from reprise.checkpoints old
     left join reprise.checkpoints new on new.projection = old.projection and new.version = $3
       and new.partition = old.partition and new.topic = old.topic
     where old.projection = $1 and old.version = $2 and old.topic = any($4)
       and coalesce(new.next_offset, 0) < old.next_offset
       and coalesce(new.topic_id, old.topic_id) = old.topic_id
     order by old.topic, old.partition`,
    [of.projection, of.behind, of.version, of.topics],
  );
  return rows.map((row) => ({
    ...row,
    offset: BigInt(row.offset),
    untilOffset: BigInt(row.untilOffset),
  }));
}

/**
 * Finds projections that read a topic of one list and a topic of another. Each is returned with the
 * latter.
 */
export async function readersOfBoth(
  pool: Pool,
  topics: readonly string[],
  others: readonly string[],
): Promise<readonly { readonly projection: string; readonly topic: string }[]> {
  const { rows } = await pool.query<{ projection: string; topic: string }>(
    `select distinct c.projection, other.topic from reprise.checkpoints c
     join reprise.checkpoints other using (projection, version, partition)
     where c.topic = any ($1) and other.topic = any ($2) order by 1, 2`,
    [topics, others],
  );
  return rows;
}

/** Returns the facts of a task for an error. */
export function factsOf(task: TaskKey): { projection: string; version: number; partition: number } {
  return { projection: task.projection, version: task.version, partition: task.partition };
}

function fromRow(row: CheckpointRow): TopicCheckpoint {
  return {
    topic: row.topic,
    topicId: row.topic_id,
    nextOffset: BigInt(row.next_offset),
    lastOffset: row.last_offset === null ? null : BigInt(row.last_offset),
    lastLeaderEpoch: row.last_leader_epoch,
    lastRecordHash: row.last_record_hash === null ? null : Number(row.last_record_hash),
    maxEventTimeMs: row.max_event_time_ms,
    ...(row.sequences && { sequences: new Map(Object.entries(row.sequences)) }),
  };
}
