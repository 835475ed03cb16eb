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
 * How far a task has come in one of its topics. Rows and these offsets commit together or not at
 * all (law 3).
 */
export interface TopicCheckpoint {
  readonly topic: string;
  /** The log's id of the topic when it was first read: another id means the topic was recreated. */
  readonly topicId: string;
  /** Where to resume. */
  readonly nextOffset: bigint;
  /** The last record folded; null: none yet. */
  readonly lastOffset: bigint | null;
  /** Leader epoch of that record; null where the log has none. */
  readonly lastLeaderEpoch: number | null;
  /** CRC-32C of that record's key and value: recognises a log whose tail was replaced. */
  readonly lastRecordHash: number | null;
  /** Largest event time folded from this topic, ms since the epoch. */
  readonly maxEventTimeMs: number | null;
  /**
   * By publisher, the number of its last record: one that is not above it is a repetition. Absent:
   * nothing was published by a relay.
   */
  readonly sequences?: ReadonlyMap<string, number>;
}

/**
 * A task as this process owns it. `epoch` and `owner` are the fence: a flush under another epoch
 * commits nothing, nor does one under the same epoch of another owner. The second happens when a
 * standby without the last commits is promoted: it gives the lost epochs away again.
 */
export interface OwnedTask extends TaskKey {
  readonly epoch: bigint;
  readonly owner: string;
  /** What it held when it was acquired. */
  readonly status: AcquiredStatus;
  readonly journal: readonly JournalEntry[];
  /** The first letter of every record key that is held. */
  readonly quarantinedLetters: readonly QuarantinedLetter[];
  /**
   * Event time that the version it took the place of saw or let pass, ms since the epoch: this one
   * goes on from there. Null: it took no other's place.
   */
  readonly passedMs: number | null;
  /** By topic. Topics never read before are absent. */
  readonly checkpoints: ReadonlyMap<string, TopicCheckpoint>;
}

/** The first letter of a key that is held, or a letter without a key that is held alone. */
export interface QuarantinedLetter {
  readonly key: Buffer | null;
  readonly topic: string;
  readonly offset: bigint;
  /** Attempts at it so far; 0: it has only waited. */
  readonly attempts: number;
}

/**
 * What Postgres has acknowledged of a task: a row that holds less has lost commits (a standby that
 * was behind, a backup).
 */
export interface Acknowledged {
  readonly epoch: bigint;
  readonly flushes: bigint;
}

/** What a task's row holds besides its owner. */
export interface AcquiredStatus {
  /** Commits so far. */
  readonly flushes: bigint;
  /** Event time up to which the task considers the log complete; null: none yet. */
  readonly watermarkMs: number | null;
  /** Processes in a row that ended while running it, without getting past the records at fault. */
  readonly deaths: number;
  /**
   * The record that was about to be folded when the last of them ended, and how many in a row began
   * with it.
   */
  readonly trying: { readonly record: string; readonly times: number } | null;
}

/** `user_metrics v2 [3]`: how messages name a task. */
export function taskLabel(task: TaskKey): string {
  return `${task.projection} v${task.version} [${task.partition}]`;
}

/** The largest event time over all topics of a task; null before the first event. */
export function maxEventTimeOf(checkpoints: Iterable<TopicCheckpoint>): number | null {
  let largest: number | null = null;
  for (const { maxEventTimeMs } of checkpoints) {
    if (maxEventTimeMs !== null && (largest === null || maxEventTimeMs > largest)) {
      largest = maxEventTimeMs;
    }
  }
  return largest;
}

/** The next offset in each topic. */
export function nextOffsetsOf(
  checkpoints: ReadonlyMap<string, TopicCheckpoint>,
): ReadonlyMap<string, bigint> {
  return new Map([...checkpoints].map(([topic, { nextOffset }]) => [topic, nextOffset] as const));
}
