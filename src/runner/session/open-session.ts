import { classify } from '../../postgres/classify.ts';
import { inTransaction } from '../../postgres/in-transaction.ts';
import { isRepriseError, RepriseError } from '../../reprise-error.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { topicsOf } from '../settings/topics-of.ts';
import { acquireTask, factsOf, setTaskState } from '../store/checkpoint-store.ts';
import type { OwnedTask, TaskKey, TopicCheckpoint } from '../store/task-key.ts';
import { taskLabel } from '../store/task-key.ts';
import { rebuildCommands } from './rebuild-commands.ts';
import type { SessionOptions } from './session-options.ts';
import { TaskSession } from './task-session.ts';
import { validateCheckpoint } from './validate-checkpoint.ts';

/**
 * Acquires a task (in its own transaction: epoch + 1), validates its checkpoint against the log and
 * loads its state.
 * @throws LEASED, RECREATED, DATA_LOSS, TRUNCATED, UNKNOWN_TOPIC
 */
export async function openSession(
  settings: RunnerSettings,
  key: TaskKey,
  options: SessionOptions,
): Promise<TaskSession> {
  const task = await inTransaction(settings.pool, (client) =>
    acquireTask(client, key, {
      owner: settings.owner,
      onlyUnowned: options.onlyUnowned ?? false,
    }),
  );
  try {
    const checkpoints = new Map<string, TopicCheckpoint>();
    const endOffsets = new Map<string, bigint>();
    for (const topic of topicsOf(options.plan)) {
      const stored = task.checkpoints.get(topic);
      if (stored !== undefined) await validateCheckpoint(settings.log, task, stored);
      const found = await describePartition(settings, topic, task.partition);
      checkpoints.set(topic, stored ?? firstCheckpoint(task, found, options));
      endOffsets.set(topic, found.stableEndOffset);
    }
    const session = new TaskSession(settings, options, { task, checkpoints, endOffsets });
    await session.preload();
    passReplaced(session, options.plan);
    return session;
  } catch (error) {
    await recordOutcome(settings, task, passes(error) ? 'paused' : 'halted', error);
    throw error;
  }
}

/**
 * Advances event time to that of the version that this one replaced: everything up to then is
 * already published.
 */
function passReplaced(session: TaskSession, { latenessMs }: SessionOptions['plan']): void {
  const { maxEventTimeMs, watermarkMs } = session.fold;
  const { passedMs } = session.task;
  if (passedMs === null || maxEventTimeMs === null || watermarkMs === null) return;
  if (watermarkMs + latenessMs < passedMs) session.tick(Math.ceil(passedMs - maxEventTimeMs));
}

/**
 * Writes the state of a task into Postgres, for `reprise status`. A failure to write is only
 * logged, because the error itself is already being thrown. @returns whether it was written
 */
export async function recordOutcome(
  settings: RunnerSettings,
  task: OwnedTask,
  state: 'idle' | 'paused' | 'running' | 'halted',
  error: unknown,
): Promise<boolean> {
  const reason = error === null ? null : describeError(error);
  try {
    await inTransaction(settings.pool, (client) => setTaskState(client, task, state, reason));
    return true;
  } catch (failure) {
    settings.logger.warn(
      { task: taskLabel(task), failure: describeError(failure) },
      'task state not recorded',
    );
    return false;
  }
}

/**
 * Whether the same operation may succeed later: infrastructure is unavailable, or the error is
 * marked as retriable.
 */
export function passes(error: unknown): boolean {
  return isRepriseError(error) ? error.retriable : classify(error) !== 'defect';
}

/** Returns `CODE: message` of a reprise error, the message of any other. */
export function describeError(error: unknown): string {
  if (isRepriseError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

interface DescribedPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly startOffset: bigint;
  readonly stableEndOffset: bigint;
}

async function describePartition(
  settings: RunnerSettings,
  topic: string,
  partition: number,
): Promise<DescribedPartition> {
  const description = (await settings.log.describe([topic])).get(topic);
  const found = description?.partitions[partition];
  if (description === undefined || found === undefined) {
    throw new RepriseError(
      'UNKNOWN_TOPIC',
      `${topic}[${partition}] does not exist; create it, then start again.`,
      { facts: { topic, partition } },
    );
  }
  const { startOffset, stableEndOffset } = found;
  return { topic, topicId: description.topicId, startOffset, stableEndOffset };
}

/**
 * Returns the command that accepts the loss. A version that is being built resumes with the flag; a
 * running version is already built, so a new version must be built.
 */
function acceptance(task: OwnedTask, { nowMs = null }: SessionOptions): string {
  return nowMs === null
    ? `run: reprise rebuild ${task.projection} --accept-data-loss`
    : rebuildCommands(task, true);
}

/** Returns the first checkpoint of a topic that this task has never read. */
function firstCheckpoint(
  task: OwnedTask,
  { topic, topicId, startOffset }: DescribedPartition,
  options: SessionOptions,
): TopicCheckpoint {
  if (startOffset > 0n && options.acceptDataLoss !== true) {
    throw new RepriseError(
      'DATA_LOSS',
      `${topic}[${task.partition}] no longer begins at 0 but at ${startOffset}: a read model built now would lack the events before. ` +
        `To accept that, ${acceptance(task, options)}`,
      { facts: { ...factsOf(task), topic, offset: startOffset } },
    );
  }
  return {
    topic,
    topicId,
    nextOffset: startOffset,
    lastOffset: null,
    lastLeaderEpoch: null,
    lastRecordHash: null,
    maxEventTimeMs: null,
  };
}
