import { setTimeout as delay } from 'node:timers/promises';
import type { EventLog, TopicDescription } from '../../log/event-log.ts';
import { recordHash } from '../../log/record-hash.ts';
import { RepriseError } from '../../reprise-error.ts';
import { factsOf } from '../store/checkpoint-store.ts';
import type { TaskKey, TopicCheckpoint } from '../store/task-key.ts';
import { taskLabel } from '../store/task-key.ts';
import { rebuildCommands } from './rebuild-commands.ts';

/**
 * Checks that a stored checkpoint still belongs to the log it was taken from: 1 same topic id, 2
 * start ≤ next_offset ≤ end, 3 the last record's leader epoch was not truncated before next_offset
 * (KIP-101, KIP-320), 4 the last record, if it still exists, has the same hash: a cluster restored
 * with its state assigns leader epochs again, so they alone would fit. Offsets are never reset for
 * the user (law 6). @throws RECREATED, DATA_LOSS, TRUNCATED
 */
export async function validateCheckpoint(
  log: EventLog,
  task: TaskKey,
  checkpoint: TopicCheckpoint,
): Promise<void> {
  const fail = (code: 'RECREATED' | 'DATA_LOSS' | 'TRUNCATED', what: string): never => {
    throw cannotGoOn(task, checkpoint, { code, what });
  };
  const description = await describeSettled(log, task, checkpoint);
  if (description.topicId !== checkpoint.topicId) {
    fail(
      'RECREATED',
      'the topic was deleted and created again, so its offsets mean other records.',
    ); // 1
  }
  const partition = description.partitions[task.partition];
  if (partition === undefined) return fail('TRUNCATED', 'the partition is gone.');
  if (partition.startOffset > checkpoint.nextOffset) {
    fail(
      'DATA_LOSS',
      `records before ${partition.startOffset} were deleted before they were read.`,
    ); // 2
  }
  if (partition.stableEndOffset < checkpoint.nextOffset) {
    fail('TRUNCATED', `the log ends at ${partition.stableEndOffset}: its tail was lost.`); // 2
  }
  if (await wasCutOff(log, task, checkpoint)) {
    fail('TRUNCATED', 'the tail of the log was lost and other records took its place.'); // 3
  }
  if (await isAnother(log, task, checkpoint)) {
    fail('TRUNCATED', 'another record is at the offset of the last record that was read.'); // 4
  }
}

function cannotGoOn(
  task: TaskKey,
  { topic, nextOffset }: TopicCheckpoint,
  why: { readonly code: 'RECREATED' | 'DATA_LOSS' | 'TRUNCATED'; readonly what: string },
): RepriseError {
  const where = `${topic}[${task.partition}]@${nextOffset}`;
  return new RepriseError(
    why.code,
    `${taskLabel(task)} cannot resume at ${where}: ${why.what} To build it from what the log holds now: ${rebuildCommands(task, why.code === 'DATA_LOSS')}`,
    { facts: { ...factsOf(task), topic, offset: nextOffset } },
  );
}

/**
 * Describes a topic. A broker that has just restarted may briefly report an end that is too low:
 * only a lasting one counts.
 */
async function describeSettled(
  log: EventLog,
  task: TaskKey,
  checkpoint: TopicCheckpoint,
): Promise<TopicDescription> {
  for (let attempt = 0; ; attempt += 1) {
    const description = (await log.describe([checkpoint.topic])).get(checkpoint.topic);
    if (description === undefined) throw unknownTopic(checkpoint.topic);
    const end = description.partitions[task.partition]?.stableEndOffset ?? -1n;
    const same = description.topicId === checkpoint.topicId;
    if (!same || end >= checkpoint.nextOffset || attempt === 6) return description;
    await delay(250);
  }
}

function unknownTopic(topic: string): RepriseError {
  return new RepriseError(
    'UNKNOWN_TOPIC',
    `The topic ${topic} does not exist. Create it, or correct the "topic" attribute of its schema.`,
    { facts: { topic } },
  );
}

async function wasCutOff(
  log: EventLog,
  task: TaskKey,
  checkpoint: TopicCheckpoint,
): Promise<boolean> {
  const { topic, lastOffset, lastLeaderEpoch } = checkpoint;
  if (lastOffset === null) return false;
  if (lastLeaderEpoch !== null && lastLeaderEpoch >= 0) {
    const end = await log.leaderEpochEnd(topic, task.partition, lastLeaderEpoch);
    // An epoch that the broker no longer knows (all its segments expired) proves nothing: the hash
    // decides.
    if (end !== null && end.endOffset >= 0n) return end.endOffset <= lastOffset;
  }
  return false;
}

/** Whether the last folded record exists with another hash. */
async function isAnother(
  log: EventLog,
  task: TaskKey,
  { topic, lastOffset, lastRecordHash }: TopicCheckpoint,
): Promise<boolean> {
  if (lastOffset === null || lastRecordHash === null) return false;
  const hash = await hashAt(log, { topic, partition: task.partition, offset: lastOffset });
  return hash !== null && hash !== lastRecordHash;
}

/** Returns the hash of one stored record; null if it no longer exists (expired or compacted). */
async function hashAt(
  log: EventLog,
  position: { topic: string; partition: number; offset: bigint },
): Promise<number | null> {
  const { topic, partition, offset } = position;
  const description = (await log.describe([topic])).get(topic)?.partitions[partition];
  if (description === undefined || description.startOffset > offset) return null;
  for await (const batch of log.read([{ ...position, untilOffset: offset + 1n }])) {
    for (let i = 0; i < batch.count; i += 1) {
      if (batch.offsets[i] === Number(offset)) return recordHash(batch, i);
    }
  }
  return null;
}
