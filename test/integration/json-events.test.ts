import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import {
  count,
  createReprise,
  defineEvent,
  type Reprise,
  sum,
  tumbling,
  WindowedProjection,
} from '../../src/index.ts';
import { useDatabase } from '../support/test-database.ts';

const Paid = defineEvent({
  name: 'Paid',
  topic: 'paid',
  format: 'json',
  key: 'account',
  time: 'at',
  schema: z.object({ account: z.string(), amount: z.number(), at: z.coerce.date() }),
});

class PaidPerHour extends WindowedProjection {
  readonly name = 'paid_per_hour';
  readonly version = 1;

  define() {
    return this.from(Paid)
      .key('account')
      .where({ amount: { gt: 0 } })
      .window(tumbling('1 hour'))
      .measure({ payments: count(), total: sum('amount') });
  }
}

const database = useDatabase('file');
let app: Reprise;

beforeAll(async () => {
  app = await createReprise({
    projections: [PaidPerHour],
    events: [Paid],
    database: { type: 'url', url: database.url },
    topicPartitions: 1,
    onError: 'skip',
    logLevel: 'silent',
  });
  await app.setUp();
  await app.runner.start();
});

afterAll(async () => {
  await app.close();
});

test('JSON events of a foreign topic are folded; what is no event is kept as a dead letter, and its neighbours count', async () => {
  const at = new Date('2026-03-01T10:20:00Z');
  for (const amount of [0.1, 0.2, -5]) {
    await app.publisher.publish(Paid, { account: 'a', amount, at });
  }
  const [broken, tombstone] = await app.log.append([
    { topic: 'paid', key: Buffer.from('a'), value: Buffer.from('{"account":"a"}') },
    { topic: 'paid', key: Buffer.from('a'), value: null },
  ]);
  const last = await app.publisher.publish(Paid, { account: 'a', amount: 0.3, at });
  await app.readModels.waitFor(PaidPerHour, last);
  expect(await app.readModels.query(PaidPerHour)).toEqual([
    {
      account: 'a',
      window_start: new Date('2026-03-01T10:00:00Z'),
      window_end: new Date('2026-03-01T11:00:00Z'),
      payments: 3n,
      total: 0.6,
      revised_at_offset: null,
    },
  ]);
  const [status] = await app.status();
  expect(status).toMatchObject({ deadLetters: 1n, lagRecords: 0n });
  expect(broken?.offset).toBe(3n);
  expect(tombstone?.offset).toBe(4n);
});
