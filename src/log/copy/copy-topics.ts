import { setTimeout as delay } from 'node:timers/promises';
import { isRepriseError } from '../../reprise-error.ts';
import type { EventLog, TopicDescription } from '../event-log.ts';
import { appendRange } from './append-range.ts';
import { comparePartition } from './compare-partition.ts';
import { type CopiedPartition, copiedPartition } from './copied-partition.ts';
import { copyRefused, DELETE_TARGET } from './copy-refused.ts';

/** What a copy is doing: looking at what the target has, copying, reading back. */
export type CopyPhase = 'compare' | 'copy' | 'verify';

/** A copy of topics from one log to another. */
export interface CopyTopics {
  readonly source: EventLog;
  readonly target: EventLog;
  readonly topics: readonly string[];
  readonly signal: AbortSignal;
  /** A phase begins, with so many records before it. */
  readonly onPhase: (phase: CopyPhase, records: number) => void;
  readonly onRecords: (records: number) => void;
}

/**
 * Rounds of copying what was appended meanwhile: a source that is still ahead then is not going to
 * stand still.
 */
const ROUNDS_MAX = 10;
/** KIP-937. */
const ANY_TIMESTAMP = { 'message.timestamp.after.max.ms': '9223372036854775807' };
/** How long to look whether a request of a copy that was killed is still being written. */
const SETTLE_MS = 1_000;
const SETTLE_LOOKS_MAX = 60;

/**
 * Copies topics so that every record has the partition and the offset it had: 1 make the missing
 * topics, with as many partitions, 2 compare what the target has already, which must be the
 * beginning of the source, 3 append the rest, and again what came meanwhile, 4 read everything
 * copied back and compare it with the source to the byte. Safe to repeat, also after a kill: it
 * goes on where the target ends.
 * @returns the partitions, each compared up to `comparedOffset`. @throws COPY_REFUSED,
 * PARTITIONS_CHANGED, APPEND_FAILED, LOG_UNAVAILABLE
 */
export async function copyTopics(copy: CopyTopics): Promise<readonly CopiedPartition[]> {
  const described = await copy.source.describe(copy.topics);
  await makeTopics(copy.target, described); // 1
  const partitions = partitionsOf(described, await settled(copy));
  for (const each of partitions) assertBeginning(each);
  await comparedTo(copy, partitions, 'compare'); // 2
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    if (round > 0) await lookAgain(copy.source, partitions);
    const missing = sum(
      partitions,
      ({ sourceOffset, targetOffset }) => sourceOffset - targetOffset,
    );
    if (missing === 0 && round > 0) break;
    copy.onPhase('copy', missing);
    await appendRange(copy, partitions); // 3
  }
  await comparedTo(copy, partitions, 'verify'); // 4
  return partitions;
}

/**
 * Makes what is missing. By itself Kafka 4 refuses records that are dated an hour ahead; what lies
 * in the source is older than that check, and stays.
 */
async function makeTopics(
  target: EventLog,
  source: ReadonlyMap<string, TopicDescription>,
): Promise<void> {
  const specs = [...source.values()].map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.length,
  }));
  try {
    await target.ensureTopics(specs.map((spec) => ({ ...spec, config: ANY_TIMESTAMP })));
  } catch (error) {
    // Before 3.6 Kafka does not know the setting, and has no such check.
    if (!isRepriseError(error, 'CONFIG_INVALID')) throw error;
    await target.ensureTopics(specs);
  }
}

function partitionsOf(
  source: ReadonlyMap<string, TopicDescription>,
  target: ReadonlyMap<string, TopicDescription>,
): CopiedPartition[] {
  return [...source.values()].flatMap(({ topic, partitions }) =>
    partitions.map((each) => {
      const other = target.get(topic)?.partitions[each.partition];
      if (other === undefined) {
        throw copyRefused({ topic, ...each, offset: 0n }, 'the target has no such partition.');
      }
      if (other.startOffset !== 0n) {
        throw copyRefused(
          { topic, ...each, offset: 0n },
          `the target begins at ${other.startOffset}: records were deleted there. Give the topic retention.ms=-1 and no compaction. ${DELETE_TARGET}`,
        );
      }
      return copiedPartition(topic, each, other);
    }),
  );
}

/**
 * The target once it stands still: a copy that was killed may have had a request under way, which
 * the broker writes all the same. Not waited for where the target is empty, for then none was
 * killed that had come far; should one write even so, the first append notices.
 */
async function settled(copy: CopyTopics): Promise<ReadonlyMap<string, TopicDescription>> {
  const endsOf = (topics: ReadonlyMap<string, TopicDescription>) =>
    [...topics.values()].flatMap(({ partitions }) =>
      partitions.map((each) => each.stableEndOffset),
    );
  let described = await copy.target.describe(copy.topics);
  for (let look = 0; look < SETTLE_LOOKS_MAX; look += 1) {
    const before = endsOf(described);
    if (before.every((end) => end === 0n)) return described;
    await delay(SETTLE_MS, undefined, { signal: copy.signal });
    described = await copy.target.describe(copy.topics);
    if (endsOf(described).every((end, at) => end === before[at])) return described;
  }
  return described;
}

/** @throws COPY_REFUSED where the source has lost its beginning, or the target reaches beyond it */
function assertBeginning(each: CopiedPartition): void {
  if (each.startOffset > 0n) {
    throw copyRefused(
      { ...each, offset: 0n },
      `the source begins at ${each.startOffset}; a topic of the target can only begin at 0.`,
    );
  }
  if (each.targetOffset > each.sourceOffset) {
    throw copyRefused(
      { ...each, offset: each.sourceOffset },
      `the source ends there, and the target holds ${each.targetOffset - each.sourceOffset} other records after it. ${DELETE_TARGET}`,
    );
  }
}

/** Asks the source for its present ends. */
async function lookAgain(source: EventLog, partitions: readonly CopiedPartition[]): Promise<void> {
  const described = await source.describe([...new Set(partitions.map(({ topic }) => topic))]);
  for (const each of partitions) {
    const found = described.get(each.topic)?.partitions[each.partition];
    each.sourceOffset = found?.stableEndOffset ?? each.sourceOffset;
  }
}

/**
 * Compares everything that the target has and that was not compared before. @throws COPY_REFUSED at
 * the first difference
 */
async function comparedTo(
  copy: CopyTopics,
  partitions: readonly CopiedPartition[],
  phase: CopyPhase,
): Promise<void> {
  const records = sum(partitions, (each) => each.targetOffset - each.comparedOffset);
  if (records === 0 && phase === 'compare') return;
  copy.onPhase(phase, records);
  const { signal, onRecords } = copy;
  for (const each of partitions) {
    const { topic, partition, comparedOffset: fromOffset, targetOffset: untilOffset } = each;
    if (fromOffset === untilOffset) continue;
    const range = { topic, partition, fromOffset, untilOffset };
    const options = { digest: each.digest, signal, onRecords };
    const difference = await comparePartition(copy.source, copy.target, range, options);
    if (difference !== null) {
      throw copyRefused(
        { topic, partition, offset: difference.offset },
        `the target holds something else: ${difference.what}. ${DELETE_TARGET}`,
      );
    }
    each.comparedOffset = untilOffset;
  }
}

function sum(
  partitions: readonly CopiedPartition[],
  of: (partition: CopiedPartition) => bigint,
): number {
  return Number(partitions.reduce((total, each) => total + of(each), 0n));
}
