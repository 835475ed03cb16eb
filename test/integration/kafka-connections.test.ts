import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { KafkaConnections } from '../../src/log/kafka/connection/kafka-connections.ts';
import { metadataRequest } from '../../src/log/kafka/wire/kafka-request.ts';
import { describeKafka } from '../support/kafka.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

describeKafka('connections to a broker that hangs up', (brokers) => {
  const [host = '', port = ''] = (brokers[0] ?? '').split(':');
  let proxy: TcpProxy;
  let connections: KafkaConnections;

  beforeEach(async () => {
    proxy = await startTcpProxy({ host, port: Number(port) });
    connections = new KafkaConnections({ brokers: [`127.0.0.1:${proxy.port}`] });
  });

  afterEach(async () => {
    await connections.close();
    await proxy.close();
  });

  const ask = () => connections.sendToAny(metadataRequest([]));

  test('are opened once for questions asked at the same time, and none is left behind', async () => {
    await ask();
    for (let round = 0; round < 20; round += 1) {
      proxy.cutAll();
      await vi.waitFor(() => expect(proxy.connections).toBe(0));
      await Promise.allSettled([ask(), ask(), ask()]);
      await ask();
      expect(proxy.connections).toBe(1);
    }
    await connections.close();
    await vi.waitFor(() => expect(proxy.connections).toBe(0));
  });

  test('that have nothing to do set no timers, one after another', async () => {
    await ask();
    const timers = vi.spyOn(globalThis, 'setTimeout');
    try {
      await delay(300);
      expect(timers.mock.calls.length).toBeLessThan(5);
    } finally {
      timers.mockRestore();
    }
    await ask();
  });
});
