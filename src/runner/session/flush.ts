import type { ClientBase } from 'pg';
import { failpoint } from '../../concurrency/failpoint.ts';
import { assertNotForgotten } from '../../erasure/postgres/subject-keys.ts';
import type { FoldChanges } from '../../fold/task/task-fold.ts';
import type { TableRows } from '../../projection/plan/row-set.ts';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import { deleteRows } from '../../readmodel/delete-rows.ts';
import { RepriseError } from '../../reprise-error.ts';
import type { LockedTask, TaskTimes } from '../store/checkpoint-store.ts';
import { advanceCheckpoints, factsOf, lockTask } from '../store/checkpoint-store.ts';
import type { TriedLetter } from '../store/dead-letter-store.ts';
import { claimDeadLetters, writeDeadLetters } from '../store/dead-letter-store.ts';
import type { JournalEntry } from '../store/journal-entry.ts';
import { writeJournal } from '../store/journal-store.ts';
import { writeLateEvents } from '../store/late-event-store.ts';
import type { OutboxRecord } from '../store/outbox-store.ts';
import { writeOutbox } from '../store/outbox-store.ts';
import type { OwnedTask, TopicCheckpoint } from '../store/task-key.ts';
import { taskLabel } from '../store/task-key.ts';

/** Writes rows to a table: `upsertRows` when live, `copyRows` in a rebuild. */
export type WriteRows = (
  client: ClientBase,
  plan: TablePlan,
  partition: number,
  rows: TableRows,
) => Promise<void>;

/** What one flush commits: the rows that a range of the log changed, and the end of that range. */
export interface FoldedBatch {
  readonly changes: FoldChanges;
  readonly deadLetters: readonly TriedLetter[];
  /** Dead letters that this batch folds. The flush deletes them. */
  readonly redriven: readonly { readonly topic: string; readonly offset: bigint }[];
  /** Checkpoints at which the fold started, by topic. They must equal those in Postgres. */
  readonly expected: ReadonlyMap<string, TopicCheckpoint>;
  /**
   * Checkpoints at which the fold ended, by topic; only topics that moved. Empty: only event time
   * moved (a tick).
   */
  readonly next: ReadonlyMap<string, TopicCheckpoint>;
  /** Number of earlier commits of the task. */
  readonly flushes: bigint;
  readonly times: TaskTimes;
  readonly journal: readonly JournalEntry[];
  readonly outbox: readonly OutboxRecord[];
  /** Ids of the data keys that decrypted values of the batch. None may have been destroyed. */
  readonly dataKeys: readonly string[];
}

/** Comparison of a folded batch with the stored checkpoint: not committed yet, or committed. */
export type CommitStatus = 'pending' | 'applied';

/**
 * Commits one folded batch, inside the caller's transaction. Steps: 1 lock the task, 2 refuse if
 * another epoch owns it, 3 return `applied` if the batch is already committed; refuse a batch that
 * does not continue the stored offsets, used a destroyed data key, or folds dead letters that no
 * longer exist, 4 write rows, 5 write dead letters, late events and journal, 6 advance next_offset,
 * 7 write the outbox. All or nothing.
 * @throws FENCED, OFFSET_MISMATCH, FORGOTTEN, UNKNOWN_DEAD_LETTER
 */
export async function flush(
  client: ClientBase,
  target: {
    readonly task: OwnedTask;
    readonly write: WriteRows;
    readonly append?: WriteRows | undefined;
  },
  batch: FoldedBatch,
): Promise<CommitStatus> {
  const { task, write, append } = target;
  await failpoint('flush:begun');
  const stored = await lockTask(client, task); // 1, 2
  await failpoint('flush:locked');
  if (commitStatusOf(task, stored, batch) === 'applied') return 'applied'; // 3
  await assertNotForgotten(client, batch.dataKeys);
  await claimDeadLetters(client, task, batch.redriven);
  for (const { table, rows, added, deleted } of batch.changes.tables) {
    if (deleted !== null) await deleteRows(client, table, task.partition, deleted);
    if (rows.count > 0) await write(client, table, task.partition, rows);
    if (added !== undefined) await (append ?? write)(client, table, task.partition, added);
  } // 4
  await failpoint('flush:rows-written');
  await writeDeadLetters(client, task, batch.deadLetters); // 5
  await writeLateEvents(client, task, batch.changes.lateEvents);
  await writeJournal(client, task, batch.journal);
  await failpoint('flush:outcomes-written');
  await advanceCheckpoints(client, task, batch.next.values(), batch.times); // 6
  await writeOutbox(client, task, batch.outbox); // 7
  await failpoint('flush:before-commit');
  return 'pending';
}

/**
 * Compares a folded batch with Postgres: `pending` if it continues the stored offsets exactly,
 * `applied` if they already equal its end. The number of commits must agree too: a tick moves no
 * offset, and a promoted standby may have lost one (then the offsets alone would fit).
 * @throws OFFSET_MISMATCH for anything else: memory no longer mirrors the table and must be
 * discarded
 */
export function commitStatusOf(
  task: OwnedTask,
  stored: LockedTask,
  batch: Pick<FoldedBatch, 'expected' | 'next' | 'flushes'>,
): CommitStatus {
  const isAt = (checkpoints: ReadonlyMap<string, TopicCheckpoint>) =>
    [...batch.next.keys()].every(
      (topic) => stored.checkpoints.get(topic)?.nextOffset === checkpoints.get(topic)?.nextOffset,
    );
  if (stored.flushes === batch.flushes && isAt(batch.expected)) return 'pending';
  if (stored.flushes === batch.flushes + 1n && isAt(batch.next)) return 'applied';
  const at = [...batch.next.keys()]
    .map((topic) => `${topic}@${stored.checkpoints.get(topic)?.nextOffset ?? 'none'}`)
    .join(', ');
  throw new RepriseError(
    'OFFSET_MISMATCH',
    `${taskLabel(task)} is at ${at} in Postgres, which is neither the beginning nor the end of this batch; nothing was written. The task restarts from the stored offset.`,
    { retriable: true, facts: factsOf(task) },
  );
}
