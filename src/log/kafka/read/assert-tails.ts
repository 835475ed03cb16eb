import { brokerError } from '../connection/broker-error.ts';
import type { KafkaConnections } from '../connection/kafka-connections.ts';
import { leaderEpochEndRequest } from '../wire/kafka-request.ts';
import { cutOff, type PartitionState } from './partition-state.ts';

/** A partition and its leader. */
export interface LocatedPartition {
  readonly state: PartitionState;
  readonly leader: number;
  readonly leaderEpoch: number;
}

/**
 * Checks that new leaders have the records that were read under their predecessors (KIP-320). A
 * leader elected without them may since have grown beyond the position: then nothing is out of
 * range. Fetches carry the leader epoch, so that nothing is read from an unchecked leader.
 * @throws OFFSET_OUT_OF_RANGE; Error if a leader cannot answer now
 */
export async function assertTails(
  connections: KafkaConnections,
  located: readonly LocatedPartition[],
): Promise<void> {
  const byLeader = new Map<number, LocatedPartition[]>();
  for (const each of located) {
    const { lastLeaderEpoch } = each.state;
    if (lastLeaderEpoch < 0 || each.leaderEpoch <= lastLeaderEpoch) continue;
    const same = byLeader.get(each.leader);
    if (same === undefined) byLeader.set(each.leader, [each]);
    else same.push(each);
  }
  await Promise.all(
    [...byLeader].map(([leader, partitions]) => assertTailsOf(connections, leader, partitions)),
  );
}

async function assertTailsOf(
  connections: KafkaConnections,
  leader: number,
  located: readonly LocatedPartition[],
): Promise<void> {
  const wanted = located.map(({ state, leaderEpoch }) => ({
    topic: state.topic,
    partition: state.partition,
    leaderEpoch: state.lastLeaderEpoch,
    currentLeaderEpoch: leaderEpoch,
  }));
  for (const end of await connections.sendTo(leader, leaderEpochEndRequest(wanted))) {
    const { topic, partition, errorCode, endOffset } = end;
    if (errorCode !== brokerError.none)
      throw new Error(`${topic}[${partition}] answered with error ${errorCode}`);
    const state = located.find(
      ({ state: each }) => each.topic === topic && each.partition === partition,
    )?.state;
    // endOffset is -1 if no segment of the epoch is left: nothing can be checked.
    if (state === undefined || endOffset < 0n || endOffset > BigInt(state.lastOffset)) continue;
    throw cutOff(state, endOffset);
  }
}
