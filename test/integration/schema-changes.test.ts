import {
  avg,
  begin,
  columns,
  count,
  double,
  int,
  PatternProjection,
  SessionProjection,
  TableProjection,
  text,
  tumbling,
  WindowedProjection,
} from 'reprise';
import { expect, test } from 'vitest';
import { eventFields } from '../../src/avro/decode/event-fields.ts';
import { parseRecordSchema } from '../../src/avro/schema/parse-schema.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { defineAvroEvent } from '../../src/event/define-avro-event.ts';
import type { Reprise } from '../../src/reprise.ts';
import { sql } from '../support/read-model.ts';
import { settled } from '../support/settled.ts';
import { useDatabase } from '../support/test-database.ts';

interface Ordered {
  readonly customerId: string;
  readonly amount: number;
  readonly at: Date;
}

const database = useDatabase('file');
const BEFORE = [
  { name: 'customerId', type: 'string' },
  { name: 'amount', type: 'double' },
  { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
];
const AFTER = [{ name: 'channel', type: 'string', default: 'web', doc: 'New.' }, ...BEFORE];

function eventOf(fields: readonly object[], doc: string) {
  const schema = JSON.stringify({ type: 'record', name: 'Ordered', doc, fields });
  return defineAvroEvent<Ordered>({
    name: 'Ordered',
    topic: 'orders',
    key: 'customerId',
    time: 'at',
    fields: eventFields(parseRecordSchema(schema, 'Ordered')),
    schema,
  });
}

function projectionsOf(event: ReturnType<typeof eventOf>) {
  class Windowed extends WindowedProjection {
    readonly name: string = 'windowed';
    readonly version: number = 1;
    define() {
      return this.from(event)
        .key('customerId')
        .where((e) => e.amount > 3)
        .window(tumbling('1 minute'))
        .measure({ n: count(), mean: avg('amount') });
    }
  }
  class Sessions extends SessionProjection {
    readonly name: string = 'sessions';
    readonly version: number = 1;
    define() {
      return this.from(event)
        .key('customerId')
        .session({ gap: '10 seconds' })
        .measure({ n: count() });
    }
  }
  class Rows extends TableProjection {
    readonly name: string = 'rows';
    readonly version: number = 1;
    define() {
      return this.table(columns({ customerId: text().primaryKey(), n: int() }))
        .key('customerId')
        .on(event, (row, { customerId }) => ({ customerId, n: (row?.n ?? 0) + 1 }));
    }
  }
  class Matches extends PatternProjection {
    readonly name: string = 'matches';
    readonly version: number = 1;
    define() {
      return this.from(event)
        .key('customerId')
        .pattern(
          begin('low', { where: { amount: { lt: 5 } } })
            .followedBy('high', {
              where: (e: Ordered, soFar: { readonly low?: Ordered }) =>
                e.amount > (soFar.low?.amount ?? 0) + 90,
            })
            .within('1 hour'),
        )
        .row({ difference: double() }, (m) => ({ difference: m.high.amount - m.low.amount }));
    }
  }
  return [Windowed, Sessions, Rows, Matches];
}

function open(event: ReturnType<typeof eventOf>): Promise<Reprise> {
  return createReprise({
    projections: projectionsOf(event),
    events: [event],
    database: { type: 'url', url: database.url },
    topicPartitions: 2,
    logLevel: 'silent',
  });
}

const START_MS = Date.UTC(2026, 0, 1);

async function publish(
  app: Reprise,
  event: ReturnType<typeof eventOf>,
  from: number,
  more: object,
) {
  const sent = Array.from({ length: 400 }, (_, i) => {
    const n = from + i;
    const value = {
      customerId: `c${n % 7}`,
      amount: n % 100,
      at: new Date(START_MS + n * 500),
      ...more,
    };
    return app.publisher.publish(event, value);
  });
  await Promise.all(sent);
}

test('a field more that no projection reads, and other words, go out while the old code runs; every row is as a replay makes it', {
  timeout: 240_000,
}, async () => {
  const old = eventOf(BEFORE, 'An order.');
  const oldApp = await open(old);
  await oldApp.setUp();
  await oldApp.runner.start();
  await publish(oldApp, old, 0, {});
  await settled(oldApp);

  const now = eventOf(AFTER, 'An order, by any channel.');
  const nowApp = await open(now);
  try {
    await nowApp.setUp();
    await nowApp.runner.start(); // beside the old one
    await publish(nowApp, now, 400, { channel: 'app' });
    await settled(nowApp);
    await oldApp.close();
    await publish(nowApp, now, 800, { channel: 'shop' });
    await settled(nowApp);
    for (const name of ['windowed', 'sessions', 'rows', 'matches']) {
      const report = await nowApp.versions.verify(name);
      expect(report.rows).toBeGreaterThan(0n);
      expect([name, report.differentRows]).toEqual([name, 0]);
    }
  } finally {
    await oldApp.close();
    await nowApp.close();
  }
});

test('a change of a field that is read is refused with the difference; a version of another release with a clear word', {
  timeout: 120_000,
}, async () => {
  const fields = AFTER.map((field) => (field.name === 'amount' ? { ...field, default: 7 } : field));
  const app = await open(eventOf(fields, 'An order.'));
  try {
    await expect(app.runner.start()).rejects.toMatchObject({
      code: 'VERSION_NOT_RAISED',
      message: expect.stringMatching(
        /sources\[Ordered\]\.event\.fields\.amount\.default: nothing → "7"[\s\S]*Raise its version to 2/,
      ) as string,
    });
    await expect(app.versions.verify('matches')).rejects.toMatchObject({
      code: 'VERSION_NOT_RAISED',
      message: expect.stringContaining('fields.amount.default') as string,
    });
  } finally {
    await app.close();
  }
  const other = await open(eventOf(AFTER, 'An order.'));
  try {
    await sql(database.url, "update reprise.projection_versions set plan = plan - 'shape'");
    await expect(other.runner.start()).rejects.toMatchObject({
      code: 'VERSION_NOT_RAISED',
      message: expect.stringContaining('was built by another release of reprise') as string,
    });
  } finally {
    await other.close();
  }
});
