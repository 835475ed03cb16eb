import { type KafkaRequest, type TopicPartition, writeByTopic } from '../wire/kafka-request.ts';
import { WireReader, WireWriter } from '../wire/wire.ts';

/** A stamped record batch for one partition. */
export interface ProducePartition extends TopicPartition {
  readonly bytes: Buffer;
}

/** A broker's answer for one partition; `errorCode` is Kafka's, 0 for none. */
export interface ProducedPartition extends TopicPartition {
  readonly errorCode: number;
  /**
   * Offset of the batch's first record; also if the batch was written before. -1 if the broker does
   * not know it.
   */
  readonly baseOffset: bigint;
  /** Records for which the broker refused the batch, by their index in it (KIP-467). */
  readonly refused: readonly { readonly index: number; readonly reason: string | null }[];
  readonly reason: string | null;
}

/** A produce response. */
export interface ProduceResponse {
  readonly throttleMs: number;
  readonly partitions: readonly ProducedPartition[];
}

/**
 * Creates a Produce v8 request (the last version without tagged fields, the first to name refused
 * records), acks=all. `timeoutMs`: timeout for the replicas.
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

/** A producer id that the cluster assigned; `errorCode` is Kafka's, 0 for none. */
export interface GivenProducerId {
  readonly errorCode: number;
  readonly producerId: bigint;
  readonly epoch: number;
}

/**
 * Creates an InitProducerId v1 request without a transactional id: any broker assigns a new id
 * (KIP-98).
 */
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
