import type { ClientBase } from 'pg';
import type { EventLog } from '../log/event-log.ts';
import { inTransaction } from '../postgres/in-transaction.ts';
import { RepriseError } from '../reprise-error.ts';
import { validateCheckpoint } from './session/validate-checkpoint.ts';
import type { RunnerSettings } from './settings/runner-settings.ts';
import {
  readCheckpointsOf,
  readersOfBoth,
  rewriteCheckpoint,
  type StoredCheckpoint,
} from './store/checkpoint-store.ts';
import { liveInstances } from './store/instance-store.ts';
import { moveCoverage } from './store/take-over-coverage.ts';
import type { TaskKey, TopicCheckpoint } from './store/task-key.ts';
import { lockTasks } from './store/task-store.ts';

/** Checkpoints validated concurrently. Each validation asks the log a few questions. */
const AT_ONCE = 8;

/** A topic that was moved to another log, with every record at its old offset. */
export interface MovedTopic {
  readonly topic: string;
  /** Topic id in the old log, as the checkpoints have it. */
  readonly fromId: string;
  /** Topic id in the new log. */
  readonly toId: string;
}

/** The topics to move, and how to close the old ones. */
export interface CarryOver {
  readonly topics: readonly MovedTopic[];
  /**
   * Closes the old topics. Runs in the transaction that rewrites the checkpoints. @returns how many
   * records were published after the copy; 0: the topics are closed
   */
  readonly seal: (client: ClientBase) => Promise<bigint>;
}

/**
 * The result: the number of tasks that resume from the new log, or the reasons why nothing was
 * changed.
 */
export interface CarryOverReport {
  readonly tasks: number;
  /** Why the move was refused. Empty: it is done. */
  readonly obstacles: readonly string[];
}

/**
 * Moves tasks to another log in which every record has its old offset. Steps:
 * 1 refuse while an instance runs, 2 compute each new checkpoint (topic id of the new log, leader
 *   epoch of its last record there) and validate it against the new log, as its next owner will, 3
 *   in one transaction: close the old topics, so that nobody publishes where nobody reads; raise
 *   the epochs, so that a process that still owns a task commits nothing; write the checkpoints.
 *   Checkpoints of other topics are not changed.
 * @param settings `log` is the new log
 * @throws TRUNCATED and what `validateCheckpoint` throws: the copy differs from what was read
 */
export async function carryOver(
  settings: Pick<RunnerSettings, 'pool' | 'log'>,
  move: CarryOver,
): Promise<CarryOverReport> {
  const { pool, log } = settings;
  const running = await inTransaction(pool, obstaclesOf); // 1
  if (running.length > 0) return { tasks: 0, obstacles: running };
  const stored = await inTransaction(pool, (client) => readCheckpointsOf(client, idsOf(move)));
  const carried = await inGroups(stored, (each) => carriedTo(log, each, move.topics)); // 2
  const obstacles = await inTransaction(pool, async (client) => {
    const beyond = await move.seal(client); // 3
    if (beyond !== 0n) return [`${beyond} records were published in the meantime`];
    await lockTasks(client, {});
    const started = await obstaclesOf(client);
    if (started.length > 0) throw new Obstructed(started);
    const now = await readCheckpointsOf(client, idsOf(move));
    if (!isSame(stored, now)) throw new Obstructed(['a task committed in the meantime']);
    for (const each of carried) await rewriteCheckpoint(client, each);
    for (const each of move.topics) await moveCoverage(client, each);
    return [];
  }).catch((error: unknown) => {
    if (error instanceof Obstructed) return error.obstacles;
    throw error;
  });
  return { tasks: obstacles.length > 0 ? 0 : countTasks(carried), obstacles };
}

/**
 * Refuses a move that splits a projection between two logs: a projection that reads a moving topic
 * must not also read a staying one.
 * @throws COPY_REFUSED
 */
export async function assertTogether(
  settings: Pick<RunnerSettings, 'pool'>,
  topics: { readonly moving: readonly string[]; readonly staying: readonly string[] },
): Promise<void> {
  const [first] = await readersOfBoth(settings.pool, topics.moving, topics.staying);
  if (first === undefined) return;
  throw new RepriseError(
    'COPY_REFUSED',
    `${first.projection} also reads ${first.topic}, which would stay in Postgres, and a projection reads one log. Copy its topics together: add --topic ${first.topic}.`,
    { facts: { projection: first.projection, topic: first.topic } },
  );
}

/** Rolls the transaction back and carries the obstacles. */
class Obstructed extends Error {
  readonly obstacles: readonly string[];
  constructor(obstacles: readonly string[]) {
    super(obstacles.join('; '));
    this.obstacles = obstacles;
  }
}

async function obstaclesOf(client: ClientBase): Promise<readonly string[]> {
  const live = await liveInstances(client);
  return live.map(({ instance }) => `the instance ${instance} runs`);
}

function idsOf({ topics }: CarryOver): ReadonlyMap<string, string> {
  return new Map(topics.map(({ topic, fromId }) => [topic, fromId]));
}

/**
 * Computes the checkpoint at the same offset of the new log, and validates that the record there is
 * the same.
 */
async function carriedTo(
  log: EventLog,
  stored: StoredCheckpoint,
  topics: readonly MovedTopic[],
): Promise<StoredCheckpoint> {
  const moved = topics.find(({ topic }) => topic === stored.checkpoint.topic);
  const { checkpoint, task } = stored;
  const carried: TopicCheckpoint = {
    ...checkpoint,
    topicId: moved?.toId ?? checkpoint.topicId,
    lastLeaderEpoch: await leaderEpochAt(log, task, checkpoint),
  };
  await validateCheckpoint(log, task, carried);
  return { task, checkpoint: carried };
}

async function leaderEpochAt(
  log: EventLog,
  { partition }: TaskKey,
  { topic, lastOffset }: TopicCheckpoint,
): Promise<number | null> {
  if (lastOffset === null) return null;
  const position = { topic, partition, offset: lastOffset, untilOffset: lastOffset + 1n };
  for await (const { count, leaderEpoch } of log.read([position])) {
    if (count > 0) return leaderEpoch < 0 ? null : leaderEpoch;
  }
  return null;
}

function isSame(a: readonly StoredCheckpoint[], b: readonly StoredCheckpoint[]): boolean {
  const text = (rows: readonly StoredCheckpoint[]) =>
    JSON.stringify(rows, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}` : each));
  return text(a) === text(b);
}

function countTasks(carried: readonly StoredCheckpoint[]): number {
  return new Set(carried.map(({ task }) => `${task.projection} ${task.version} ${task.partition}`))
    .size;
}

async function inGroups<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  }
  return results;
}
