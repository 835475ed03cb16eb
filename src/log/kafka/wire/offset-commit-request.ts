import {
  type KafkaRequest,
  readByTopic,
  type TopicPartition,
  writeByTopic,
} from './kafka-request.ts';
import { WireReader, WireWriter } from './wire.ts';

/**
 * Creates a FindCoordinator v1 request: the node that stores the offsets of a group. `errorCode` is
 * Kafka's, 0 for none.
 */
export function findCoordinatorRequest(
  group: string,
): KafkaRequest<{ readonly errorCode: number; readonly nodeId: number }> {
  return {
    apiKey: 10,
    apiVersion: 1,
    apiName: 'FindCoordinator',
    body: new WireWriter().string(group).int8(0).finish(),
    decode: (payload) => {
      const reader = new WireReader(payload);
      reader.int32(); // throttle time
      const errorCode = reader.int16();
      reader.string(); // error message
      return { errorCode, nodeId: reader.int32() };
    },
  };
}

/** The next offset to read of a partition. */
export interface GroupOffset extends TopicPartition {
  readonly offset: bigint;
}

/**
 * Creates an OffsetCommit v6 request for a group without members, as admin clients send it:
 * generation -1, no member. `errorCode` is Kafka's, 0 for none.
 */
export function offsetCommitRequest(
  group: string,
  offsets: readonly GroupOffset[],
): KafkaRequest<readonly (TopicPartition & { readonly errorCode: number })[]> {
  const writer = new WireWriter().string(group).int32(-1).string('');
  writeByTopic(writer, offsets, ({ partition, offset }) =>
    writer.int32(partition).int64(offset).int32(-1).string(null),
  );
  return {
    apiKey: 8,
    apiVersion: 6,
    apiName: 'OffsetCommit',
    body: writer.finish(),
    decode: (payload) => {
      const reader = new WireReader(payload);
      reader.int32(); // throttle time
      return readByTopic(reader, (topic) => ({
        topic,
        partition: reader.int32(),
        errorCode: reader.int16(),
      }));
    },
  };
}
