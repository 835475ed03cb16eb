import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../src/event/define-event.ts';
import type { AppendRecord, EventLog, Position } from '../../../src/log/event-log.ts';
import { createPublisher } from '../../../src/publish/create-publisher.ts';
import type { SchemaRegistry } from '../../../src/registry/schema-registry.ts';

const Clicked = defineEvent({
  name: 'Clicked',
  topic: 'clicks',
  format: 'json',
  key: 'user',
  schema: z.object({ user: z.string(), n: z.number() }),
});

function memoryLog(appends: (readonly AppendRecord[])[]): EventLog {
  const append = async (records: readonly AppendRecord[]): Promise<readonly Position[]> => {
    appends.push(records);
    await new Promise((resolve) => setImmediate(resolve));
    if (records.some((record) => record.key?.toString() === 'bad')) throw new Error('refused');
    return records.map((record, offset) => ({
      topic: record.topic,
      partition: 0,
      offset: BigInt(offset),
    }));
  };
  return { append } as Partial<EventLog> as EventLog;
}

it('keeps the order of sends under back-pressure and flushes on close', async () => {
  const appends: (readonly AppendRecord[])[] = [];
  const log = memoryLog(appends);
  const registry = {} as SchemaRegistry;
  const publisher = createPublisher({ log, registry, pendingBytesMax: 100, batchRecordsMax: 4 });
  const sends = Array.from({ length: 50 }, (_, n) =>
    publisher.publish(Clicked, { user: 'u'.repeat(1 + ((n * 7) % 30)), n }),
  );
  await publisher.close();
  await Promise.all(sends);
  const sent = appends.flat().map((record) => JSON.parse(String(record.value)) as { n: number });
  expect(sent.map((event) => event.n)).toEqual([...Array(50).keys()]);
  await expect(publisher.publish(Clicked, { user: 'u', n: 1 })).rejects.toMatchObject({
    code: 'CLOSED',
  });
});

it('rejects only the sends of the append that failed', async () => {
  const publisher = createPublisher({
    log: memoryLog([]),
    registry: {} as SchemaRegistry,
    batchRecordsMax: 1,
  });
  const results = await Promise.allSettled(
    ['a', 'bad', 'b'].map((user, n) => publisher.publish(Clicked, { user, n })),
  );
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await publisher.close();
});
