import { type AbortedTransaction, readInt64 } from './batch-headers.ts';
import { type KafkaRequest, type TopicPartition, writeByTopic } from './kafka-request.ts';
import { WireReader, WireWriter } from './wire.ts';

/** A partition in a fetch request. */
export interface FetchPartition extends TopicPartition {
  readonly fetchOffset: number;
  readonly leaderEpoch: number;
}

/** Limits of one fetch: milliseconds to wait for the first byte; bytes before decompression. */
export interface FetchSettings {
  readonly maxWaitMs: number;
  readonly responseBytesMax: number;
  readonly partitionBytesMax: number;
}

/** A broker's answer for one partition: its batches are in `bytes[start, end)` of the response. */
export interface FetchedPartition extends TopicPartition {
  readonly errorCode: number;
  readonly stableEndOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly start: number;
  readonly end: number;
}

/** A fetch response; its records are still encoded in `bytes`. */
export interface FetchResponse {
  readonly throttleMs: number;
  readonly errorCode: number;
  /** The whole response; nothing is copied out of it. */
  readonly bytes: Buffer;
  readonly partitions: readonly FetchedPartition[];
}

/**
 * Creates a Fetch v11 request, without a session, under read_committed. The broker answers as soon
 * as there is one byte.
 */
export function fetchRequest(
  partitions: readonly FetchPartition[],
  settings: FetchSettings,
): KafkaRequest<FetchResponse> {
  const writer = new WireWriter()
    .int32(-1)
    .int32(settings.maxWaitMs)
    .int32(1)
    .int32(settings.responseBytesMax)
    .int8(1)
    .int32(0)
    .int32(-1);
  writeByTopic(writer, partitions, ({ partition, leaderEpoch, fetchOffset }) =>
    writer
      .int32(partition)
      .int32(leaderEpoch)
      .int64(BigInt(fetchOffset))
      .int64(-1n)
      .int32(settings.partitionBytesMax),
  );
  writer.int32(0).string('');
  return {
    apiKey: 1,
    apiVersion: 11,
    apiName: 'Fetch',
    body: writer.finish(),
    decode: decodeFetch,
  };
}

function decodeFetch(bytes: Buffer): FetchResponse {
  const reader = new WireReader(bytes);
  const throttleMs = reader.int32();
  const errorCode = reader.int16();
  reader.int32(); // session
  const partitions: FetchedPartition[] = [];
  reader.array(() => {
    const topic = reader.string() ?? '';
    reader.array(() => partitions.push(decodePartition(reader, topic)));
  });
  return { throttleMs, errorCode, bytes, partitions };
}

function decodePartition(reader: WireReader, topic: string): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = number64(reader);
  const lastStableOffset = number64(reader);
  reader.skip(8); // log start offset
  const aborted = reader.array(() => ({
    producerId: number64(reader),
    firstOffset: number64(reader),
  }));
  reader.skip(4); // preferred read replica: only for clients with a rack
  const length = Math.max(reader.int32(), 0);
  const start = reader.position;
  reader.skip(length);
  const stableEndOffset = lastStableOffset < 0 ? highWatermark : lastStableOffset;
  return { topic, partition, errorCode, stableEndOffset, aborted, start, end: start + length };
}

function number64(reader: WireReader): number {
  const at = reader.position;
  reader.skip(8);
  return readInt64(reader.bytes, at);
}
