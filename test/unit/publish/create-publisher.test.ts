import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineAvroEvent } from '../../../src/event/define-avro-event.ts';
import { defineEvent } from '../../../src/event/define-event.ts';
import { AppendError } from '../../../src/log/append-error.ts';
import type { AppendRecord, EventLog, Position } from '../../../src/log/event-log.ts';
import { createPublisher } from '../../../src/publish/create-publisher.ts';
import type { SchemaRegistry } from '../../../src/registry/schema-registry.ts';
import { RepriseError } from '../../../src/reprise-error.ts';

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

it('gathers what is published while the log is busy, and sends it as one', async () => {
  const appends: (readonly AppendRecord[])[] = [];
  const publisher = createPublisher({ log: memoryLog(appends), registry: {} as SchemaRegistry });
  await publisher.publish(Clicked, { user: 'first', n: 0 });
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => publisher.publish(Clicked, { user: 'u', n })),
  );
  expect(appends.map((records) => records.length)).toEqual([1, 20]);
  await publisher.close();
});

it('tells each send of an append that failed in part what became of it', async () => {
  const refused = new RepriseError('APPEND_FAILED', 'this one alone');
  const log = {
    append: async (records: readonly AppendRecord[]) => {
      throw new AppendError(
        records.map(({ topic }, i) =>
          i === 1 ? refused : { topic, partition: 0, offset: BigInt(i) },
        ),
        refused,
      );
    },
  } as Partial<EventLog> as EventLog;
  const publisher = createPublisher({ log, registry: {} as SchemaRegistry });
  const results = await Promise.allSettled(
    ['a', 'b', 'c'].map((user, n) => publisher.publish(Clicked, { user, n })),
  );
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: refused });
  await publisher.close();
});

it('gives room again once the log has taken something', async () => {
  const appends: (readonly AppendRecord[])[] = [];
  const log = memoryLog(appends);
  const publisher = createPublisher({
    log,
    registry: {} as SchemaRegistry,
    pendingBytesMax: 2_000,
    batchRecordsMax: 10,
  });
  let acknowledged = 0;
  let most = 0;
  for (let n = 0; n < 500; n += 1) {
    await publisher.ready();
    void publisher.publish(Clicked, { user: 'u'.repeat(80), n }).then(() => (acknowledged += 1));
    most = Math.max(most, n + 1 - acknowledged);
  }
  await publisher.close();
  expect(acknowledged).toBe(500);
  expect(most).toBeLessThan(40);
});

it('closes after its time is over, and says which events it gave up', async () => {
  const log = { append: () => new Promise(() => undefined) } as Partial<EventLog> as EventLog;
  const publisher = createPublisher({
    log,
    registry: {} as SchemaRegistry,
    batchRecordsMax: 1,
  });
  const sent = [0, 1].map((n) => publisher.publish(Clicked, { user: 'u', n }));
  const settled = Promise.allSettled(sent);
  await publisher.close({ timeoutMs: 1 });
  expect(await settled).toMatchObject([
    { reason: { code: 'TIMEOUT', message: expect.stringContaining('may have been') as string } },
    { reason: { code: 'TIMEOUT', message: expect.stringContaining('not sent') as string } },
  ]);
});

it('keeps the order of sends that wait for their schema, and of those that come after', async () => {
  const appends: (readonly AppendRecord[])[] = [];
  let register: (answer: { id: number }) => void = () => undefined;
  const registered = new Promise<{ id: number }>((resolve) => (register = resolve));
  const registry = { register: () => registered } as unknown as SchemaRegistry;
  const fields = [{ name: 'n', type: { kind: 'int' }, nullable: false }] as const;
  const schema = '{"type":"record","name":"Counted","fields":[{"name":"n","type":"int"}]}';
  const Counted = defineAvroEvent<{ n: number }>({ name: 'Counted', topic: 't', fields, schema });
  const publisher = createPublisher({ log: memoryLog(appends), registry });
  const sent = [0, 1, 2].map((n) => publisher.publish(Counted, { n }));
  register({ id: 7 });
  for (let n = 3; n < 20; n += 1) {
    await Promise.resolve();
    sent.push(publisher.publish(Counted, { n }));
  }
  await Promise.all(sent);
  // Five bytes of header, then the number as Avro's zigzag varint.
  expect(appends.flat().map(({ value }) => (value?.[5] ?? 0) / 2)).toEqual([...Array(20).keys()]);
  await publisher.close();
});
