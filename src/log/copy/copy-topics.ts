import { setTimeout as delay } from 'node:timers/promises';
import { isRepriseError } from '../../reprise-error.ts';
import type { EventLog, TopicDescription } from '../event-log.ts';
import { appendRange } from './append-range.ts';
import { comparePartition } from './compare-partition.ts';
import { type CopiedPartition, copiedPartition } from './copied-partition.ts';
import { copyRefused, DELETE_TARGET } from './copy-refused.ts';

/** Phase of a copy: comparing what the target has, copying, verifying. */
export type CopyPhase = 'compare' | 'copy' | 'verify';

/** Arguments of `copyTopics`. */
export interface CopyTopics {
  readonly source: EventLog;
  readonly target: EventLog;
  readonly topics: readonly string[];
  readonly signal: AbortSignal;
  /** Called when a phase starts, with the number of records to process. */
  readonly onPhase: (phase: CopyPhase, records: number) => void;
  readonly onRecords: (records: number) => void;
}

/**
 * Maximum rounds of copying newly appended records: a source that is still ahead then has an active
 * writer.
 */
const ROUNDS_MAX = 10;
/** KIP-937. */
const ANY_TIMESTAMP = { 'message.timestamp.after.max.ms': '9223372036854775807' };
/** How long to wait for a request of a killed copy that the broker may still write. */
const SETTLE_MS = 1_000;
const SETTLE_LOOKS_MAX = 60;

/**
 * Copies topics so that every record keeps its partition and offset: 1 create missing topics with
 * the same number of partitions; 2 compare the target's records, which must be the beginning of the
 * source; 3 append the rest, and repeat for records appended meanwhile; 4 read the whole copy and
 * compare it with the source byte for byte. Safe to repeat, also after a kill: it resumes at the
 * end of the target.
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
 * Creates missing topics. By default Kafka 4 refuses records dated more than an hour ahead; records
 * already in the source must be copied unchanged, so the check is switched off.
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
    // Kafka before 3.6 has neither the setting nor the check.
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
 * Returns the target's topics once their ends no longer move. A killed copy may have had a request
 * in flight, which the broker still writes. Does not wait if the target is empty: then a killed
 * copy had hardly started, and if it does write, the first append notices.
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

/**
 * Checks that the target is a prefix of the source. @throws COPY_REFUSED if the source's first
 * records were deleted, or the target reaches beyond the source
 */
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

/** Updates the end offsets of the source. */
async function lookAgain(source: EventLog, partitions: readonly CopiedPartition[]): Promise<void> {
  const described = await source.describe([...new Set(partitions.map(({ topic }) => topic))]);
  for (const each of partitions) {
    const found = described.get(each.topic)?.partitions[each.partition];
    each.sourceOffset = found?.stableEndOffset ?? each.sourceOffset;
  }
}

/**
 * Compares all records of the target that were not compared before. @throws COPY_REFUSED at the
 * first difference
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
