import type { TopicDescription } from '../../log/event-log.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { readEarliestQueued } from '../store/outbox-store.ts';
import { type PublishingTask, readPublishingTasks } from '../store/task-store.ts';

type Topics = ReadonlyMap<string, TopicDescription>;

/**
 * Returns the time up to which everything that projections of this database publish on a topic is
 * in the log. What they publish later, or have in the outbox, is of this time or later. Infinity:
 * nothing is left to publish, and nothing follows until a record arrives. Null: no projection of
 * this database publishes on the topic.
 *
 * Each task writes with every flush what it may still publish (`publishes_from_ms`). A task that
 * found the end of its log and waits for nothing writes infinity. That counts only while an owner
 * runs the task, who can revoke it, and while the log has no record that the task has not
 * committed; otherwise its watermark counts. A partition that holds records and has no task yet may
 * publish anything, and so may every task when the log does not answer. Events in the outbox that
 * are refused for themselves, and those behind them with the same key, are not counted: they will
 * be late.
 *
 * Must be called before reading the log offsets that the result covers.
 * @param sending ids of the events about to be sent: of all others, those without a number count.
 * Null: nothing is being sent, and every event in the outbox counts
 */
export async function readPublishedUpTo(
  { pool, log }: Pick<RunnerSettings, 'pool' | 'log'>,
  topic: string,
  sending: readonly string[] | null = null,
): Promise<number | null> {
  const tasks = await readPublishingTasks(pool, topic);
  if (tasks.length === 0) return null;
  const queuedMs = await readEarliestQueued(pool, topic, sending);
  const topics = [...new Set(tasks.flatMap(({ offsets }) => Object.keys(offsets)))];
  const described = await log.describe(topics).catch(() => null);
  return Math.min(queuedMs, described === null ? UNKNOWN : earliestOf(tasks, described));
}

/** Anything may still be published. */
const UNKNOWN = Number.NEGATIVE_INFINITY;

/**
 * Returns the earliest time that any task may still publish. `UNKNOWN` if a partition holds records
 * and has no task yet.
 */
function earliestOf(tasks: readonly PublishingTask[], topics: Topics): number {
  const known = new Set(tasks.map(({ version, partition }) => `${version} ${partition}`));
  const isMissing = ({ version, offsets }: PublishingTask) =>
    Object.keys(offsets).some((topic) =>
      (topics.get(topic)?.partitions ?? []).some(
        ({ partition, startOffset, stableEndOffset }) =>
          stableEndOffset > startOffset && !known.has(`${version} ${partition}`),
      ),
    );
  if (tasks.some(isMissing)) return UNKNOWN;
  const waiting = tasks.filter(
    (task) => task.partition !== null && !(task.is_silent === true && isAtEnd(task, topics)),
  );
  return Math.min(...waiting.map(({ from_ms }) => from_ms ?? UNKNOWN));
}

/** Whether the task has committed everything that the log holds. */
function isAtEnd({ partition, offsets }: PublishingTask, topics: Topics): boolean {
  return Object.entries(offsets).every(([topic, nextOffset]) => {
    const found = topics.get(topic)?.partitions[partition ?? -1];
    return found !== undefined && found.stableEndOffset <= BigInt(nextOffset ?? found.startOffset);
  });
}
