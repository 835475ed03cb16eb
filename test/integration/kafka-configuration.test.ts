import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';

/** A server that takes connections and never answers. */
interface SilentServer {
  readonly broker: string;
  /** What was sent, on all connections, so far. */
  heard(): Buffer;
}

let server: Server | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
  server = undefined;
});

async function silence(): Promise<SilentServer> {
  const chunks: Buffer[] = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('data', (chunk) => void chunks.push(chunk)).on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { broker: `127.0.0.1:${port}`, heard: () => Buffer.concat(chunks) };
}

/** How long a question waits that fails after one attempt. @throws when it does not fail */
async function failsAfter(given: Parameters<typeof createKafkaLog>[0]): Promise<number> {
  const log = createKafkaLog({ availabilityTimeoutMs: 100, ...given });
  const started = performance.now();
  try {
    await expect(log.describe(['t'])).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    return performance.now() - started;
  } finally {
    await log.close();
  }
}

test('requestTimeoutMs is how long a broker may take to answer, and clientId how it knows us', async () => {
  const { broker, heard } = await silence();
  const given = { brokers: [broker], clientId: 'billing-7' };
  const waitedMs = await failsAfter({ ...given, requestTimeoutMs: 300 });
  expect(waitedMs).toBeGreaterThan(250);
  expect(waitedMs).toBeLessThan(15_000); // 30 s is the default
  expect(heard().includes('billing-7')).toBe(true);
  expect(heard()[0]).toBe(0); // a length in clear: no TLS
});

test('ssl speaks TLS with the options given, within connectionTimeoutMs', async () => {
  const { broker, heard } = await silence();
  const ssl = { servername: 'kafka.example.com' };
  const shortMs = await failsAfter({ brokers: [broker], ssl, connectionTimeoutMs: 300 });
  expect(heard()[0]).toBe(22); // a TLS handshake
  expect(heard().includes('kafka.example.com')).toBe(true);
  const longMs = await failsAfter({ brokers: [broker], ssl, connectionTimeoutMs: 1_500 });
  expect(shortMs).toBeGreaterThan(250);
  expect(longMs - shortMs).toBeGreaterThan(600);
});

describeKafka('a log by its configuration', (brokers) => {
  test('unpackedBytesMax: a batch that unpacks to more is not read, and says so', async () => {
    const topic = uniqueTopic('unpacked');
    const packing = createKafkaLog({ brokers, compression: 'gzip' });
    await packing.ensureTopics([{ topic, partitions: 1 }]);
    await packing.append([{ topic, key: null, value: Buffer.alloc(100_000) }]);
    await packing.close();
    const unreadable = async (unpackedBytesMax: number) => {
      const log = createKafkaLog({ brokers, unpackedBytesMax });
      const position = { topic, partition: 0, offset: 0n, untilOffset: 1n };
      const found: (string | null)[] = [];
      for await (const batch of log.read([position])) {
        found.push(batch.unreadable === null ? null : String(batch.unreadable));
      }
      await log.close();
      return found;
    };
    expect(await unreadable(200_000)).toEqual([null]);
    expect(await unreadable(50_000)).toEqual([expect.stringContaining('50000 bytes')]);
  });
});
