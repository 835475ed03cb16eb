import type { TopicDescription } from '../../log/event-log.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { readEarliestQueued } from '../store/outbox-store.ts';
import { type PublishingTask, readPublishingTasks } from '../store/task-store.ts';

type Topics = ReadonlyMap<string, TopicDescription>;

/**
 * Up to which time everything that projections of this database publish on a topic is in the log:
 * what they publish later, or have in the outbox, is of this time or later. Infinity: there is
 * nothing, and none comes until a record does. Null: no projection of this database publishes
 * there.
 *
 * Each task says with every flush what it may still publish (`publishes_from_ms`). One that found
 * the end of its log and waits for nothing says infinity; that counts only while somebody runs it,
 * who would take the word back, and while its log holds nothing that it has not committed: until
 * then it has what its watermark says. A partition that holds records and has no task yet may
 * publish anything, and so may all when the log does not answer. Events in the outbox that are
 * refused for what they are, and those of their keys behind them, hold nothing up: they will be
 * late.
 *
 * Must be asked before the log is looked at for what it covers.
 * @param sending ids that are about to be sent: of the others, those without a number count. Null:
 * none is, and every event that is still in the outbox counts
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

/** Nothing is known of what comes. */
const UNKNOWN = Number.NEGATIVE_INFINITY;

/**
 * What tasks may still publish, the earliest of it; of partitions that hold records and have no
 * task yet nothing is known.
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

/** Whether the log holds nothing that a task has not committed. */
function isAtEnd({ partition, offsets }: PublishingTask, topics: Topics): boolean {
  return Object.entries(offsets).every(([topic, nextOffset]) => {
    const found = topics.get(topic)?.partitions[partition ?? -1];
    return found !== undefined && found.stableEndOffset <= BigInt(nextOffset ?? found.startOffset);
  });
}
