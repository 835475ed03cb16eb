import { partitionFor } from '../../src/log/partition-for.ts';
import { BatchWriter, userKey } from './batch-writer.ts';
import { PaymentStream, USERS } from './payment-stream.ts';
import { ProduceConnection } from './produce-connection.ts';

/** A producer's usual batch size (`batch.size` of the Java client). */
const BATCH_BYTES = 16_384;

export interface FillOptions {
  readonly topic: string;
  /** Leader of each partition, by partition. */
  readonly leaders: readonly { readonly host: string; readonly port: number }[];
  readonly schemaId: number;
  readonly events: number;
  /** Default 10,000. */
  readonly users?: number;
}

/**
 * Writes the workload's first `events` payments to an empty topic, by key, in uncompressed batches
 * of about 16 KB. @returns records per partition
 */
export async function fillTopic(options: FillOptions): Promise<readonly number[]> {
  const { topic, leaders, schemaId, events, users = USERS } = options;
  const partitions = leaders.length;
  const partitionOf = Uint8Array.from({ length: users }, (_, user) =>
    partitionFor(userKey(user), partitions, 0),
  );
  const writers = leaders.map(() => new BatchWriter({ schemaId, bytesMax: BATCH_BYTES }));
  // One connection each: the broker works off a connection's requests one after another.
  const connections = leaders.map(({ host, port }) => new ProduceConnection(host, port));
  const counts = leaders.map(() => 0);
  const send = async (partition: number) => {
    const writer = writers[partition] as BatchWriter;
    if (writer.count === 0) return;
    counts[partition] = (counts[partition] ?? 0) + writer.count;
    await connections[partition]?.send(topic, partition, writer.finish());
  };
  const stream = new PaymentStream({ users });
  while (stream.count < events) {
    stream.next();
    const partition = partitionOf[stream.userIndex] as number;
    if ((writers[partition] as BatchWriter).append(stream)) await send(partition);
  }
  for (let partition = 0; partition < partitions; partition += 1) await send(partition);
  for (const connection of connections) await connection.close();
  return counts;
}
