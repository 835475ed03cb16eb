import { type KafkaRequest, type TopicPartition, writeByTopic } from '../wire/kafka-request.ts';
import { WireReader, WireWriter } from '../wire/wire.ts';

/** A stamped record batch for one partition. */
export interface ProducePartition extends TopicPartition {
  readonly bytes: Buffer;
}

/** What a broker answered for one partition; `errorCode` is Kafka's, 0 for none. */
export interface ProducedPartition extends TopicPartition {
  readonly errorCode: number;
  /**
   * Of the batch's first record; also when the batch was there already. -1 where the broker does
   * not know.
   */
  readonly baseOffset: bigint;
  /** Records that made the broker refuse the batch, by their index in it (KIP-467). */
  readonly refused: readonly { readonly index: number; readonly reason: string | null }[];
  readonly reason: string | null;
}

/** A produce response. */
export interface ProduceResponse {
  readonly throttleMs: number;
  readonly partitions: readonly ProducedPartition[];
}

/**
 * Produce v8 (the last without tagged fields, the first to name refused records), acks=all.
 * `timeoutMs`: how long the replicas may take.
 */
export function produceRequest(
  partitions: readonly ProducePartition[],
  timeoutMs: number,
): KafkaRequest<ProduceResponse> {
  const writer = new WireWriter().string(null).int16(-1).int32(timeoutMs);
  writeByTopic(writer, partitions, ({ partition, bytes }) =>
    writer.int32(partition).int32(bytes.length).raw(bytes),
  );
  return {
    apiKey: 0,
    apiVersion: 8,
    apiName: 'Produce',
    body: writer.finish(),
    decode: decodeProduce,
  };
}

function decodeProduce(payload: Buffer): ProduceResponse {
  const reader = new WireReader(payload);
  const partitions: ProducedPartition[] = [];
  reader.array(() => {
    const topic = reader.string() ?? '';
    reader.array(() => {
      const partition = reader.int32();
      const errorCode = reader.int16();
      const baseOffset = reader.int64();
      reader.skip(16); // log append time, log start offset
      const refused = reader.array(() => ({ index: reader.int32(), reason: reader.string() }));
      const reason = reader.string();
      partitions.push({ topic, partition, errorCode, baseOffset, refused, reason });
    });
  });
  return { throttleMs: reader.int32(), partitions };
}

/** A producer's id as the cluster gives it out; `errorCode` is Kafka's, 0 for none. */
export interface GivenProducerId {
  readonly errorCode: number;
  readonly producerId: bigint;
  readonly epoch: number;
}

/** InitProducerId v1 without a transactional id: any broker gives out a new one (KIP-98). */
export function producerIdRequest(): KafkaRequest<GivenProducerId> {
  return {
    apiKey: 22,
    apiVersion: 1,
    apiName: 'InitProducerId',
    body: new WireWriter().string(null).int32(0).finish(),
    decode: (payload) => {
      const reader = new WireReader(payload);
      reader.int32(); // throttle time
      return { errorCode: reader.int16(), producerId: reader.int64(), epoch: reader.int16() };
    },
  };
}
