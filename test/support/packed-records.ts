import { init, compress as zstd } from '@bokuweb/zstd-wasm';
import kafkajs from 'kafkajs';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import type { Position } from '../../src/log/event-log.ts';

/** Kafka's codecs, by its numbers. */
export const CODECS = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

type Pack = (plain: Buffer) => Buffer;

const packers: Readonly<Record<number, Pack>> = {
  [CODECS.snappy]: (plain) => compressSync(plain),
  [CODECS.lz4]: (plain) => compressFrameSync(plain),
  [CODECS.zstd]: (plain) => Buffer.from(zstd(plain)),
};

/**
 * Writes values as one Kafka batch, packed with a codec, into one partition. kafkajs packs gzip
 * itself and is taught the others.
 */
export async function appendPacked(
  brokers: readonly string[],
  to: { readonly topic: string; readonly partition: number; readonly codec: number },
  values: readonly Buffer[],
): Promise<readonly Position[]> {
  await init();
  const { CompressionCodecs, Kafka, logLevel } = kafkajs;
  const codecs = CompressionCodecs as Record<number, unknown>;
  for (const [codec, pack] of Object.entries(packers)) {
    codecs[Number(codec)] = () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => pack(buffer),
    });
  }
  const { topic, partition, codec } = to;
  const client = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer = client.producer({ createPartitioner: () => () => partition });
  await producer.connect();
  const [answer] = await producer.send({
    topic,
    acks: -1,
    compression: codec,
    messages: values.map((value) => ({ value, partition })),
  });
  await producer.disconnect();
  const base = BigInt(answer?.baseOffset ?? -1);
  return values.map((_, i) => ({ topic, partition, offset: base + BigInt(i) }));
}
