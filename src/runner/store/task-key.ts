import type { JournalEntry } from './journal-entry.ts';

/**
 * The unit of ownership, ordering and checkpointing: one projection version × one partition number.
 */
export interface TaskKey {
  readonly projection: string;
  readonly version: number;
  readonly partition: number;
}

/**
 * Position of a task in one of its topics. Rows and these offsets commit together or not at all
 * (law 3).
 */
export interface TopicCheckpoint {
  readonly topic: string;
  /**
   * The log's id of the topic when it was first read. Another id means that the topic was
   * recreated.
   */
  readonly topicId: string;
  /** Offset at which to resume. */
  readonly nextOffset: bigint;
  /** Offset of the last folded record; null: none yet. */
  readonly lastOffset: bigint | null;
  /** Leader epoch of that record; null: the log has none. */
  readonly lastLeaderEpoch: number | null;
  /** CRC-32C of that record's key and value: detects a log whose tail was replaced. */
  readonly lastRecordHash: number | null;
  /** Largest event time folded from this topic, ms since the epoch. */
  readonly maxEventTimeMs: number | null;
  /**
   * Number of the last record, by publisher: a record whose number is not above it is a repetition.
   * Absent: no relay published here.
   */
  readonly sequences?: ReadonlyMap<string, number>;
}

/**
 * A task owned by this process. `epoch` and `owner` are the fence: a flush under another epoch
 * commits nothing, and neither does one under the same epoch of another owner. The second case
 * occurs when a standby without the last commits is promoted: it assigns the lost epochs again.
 */
export interface OwnedTask extends TaskKey {
  readonly epoch: bigint;
  readonly owner: string;
  /** Columns of its row when it was acquired. */
  readonly status: AcquiredStatus;
  readonly journal: readonly JournalEntry[];
  /** The first quarantined letter of every record key. */
  readonly quarantinedLetters: readonly QuarantinedLetter[];
  /**
   * Largest event time that the replaced version has seen or advanced to, ms since the epoch: this
   * version continues from there. Null: it replaced no version.
   */
  readonly passedMs: number | null;
  /** By topic. Absent for topics that were never read. */
  readonly checkpoints: ReadonlyMap<string, TopicCheckpoint>;
}

/** The first letter of a quarantined key, or a quarantined letter without a key. */
export interface QuarantinedLetter {
  readonly key: Buffer | null;
  readonly topic: string;
  readonly offset: bigint;
  /** Number of attempts so far; 0: it has only waited. */
  readonly attempts: number;
}

/**
 * What Postgres has acknowledged of a task. A row that holds less has lost commits (a standby that
 * was behind, a backup).
 */
export interface Acknowledged {
  readonly epoch: bigint;
  readonly flushes: bigint;
}

/** Columns of a task's row, besides its owner. */
export interface AcquiredStatus {
  /** Number of commits so far. */
  readonly flushes: bigint;
  /** Event time up to which the task considers the log complete; null: none yet. */
  readonly watermarkMs: number | null;
  /**
   * Number of processes in a row that ended while running it, before they committed the records at
   * fault.
   */
  readonly deaths: number;
  /**
   * The record about to be folded when the last of these processes ended, and how many in a row
   * started with it.
   */
  readonly trying: { readonly record: string; readonly times: number } | null;
}

/** Returns the name of a task for messages: `user_metrics v2 [3]`. */
export function taskLabel(task: TaskKey): string {
  return `${task.projection} v${task.version} [${task.partition}]`;
}

/** Returns the largest event time over all topics of a task; null before the first event. */
export function maxEventTimeOf(checkpoints: Iterable<TopicCheckpoint>): number | null {
  let largest: number | null = null;
  for (const { maxEventTimeMs } of checkpoints) {
    if (maxEventTimeMs !== null && (largest === null || maxEventTimeMs > largest)) {
      largest = maxEventTimeMs;
    }
  }
  return largest;
}

/** Returns the next offset in each topic. */
export function nextOffsetsOf(
  checkpoints: ReadonlyMap<string, TopicCheckpoint>,
): ReadonlyMap<string, bigint> {
  return new Map([...checkpoints].map(([topic, { nextOffset }]) => [topic, nextOffset] as const));
}
