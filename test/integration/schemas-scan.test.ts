import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeWithHeader } from '../../src/avro/decode/confluent-header.ts';
import { createReprise } from '../../src/composition/create-reprise.ts';
import {
  count,
  defineAvroEvent,
  type Reprise,
  TableProjection,
  tumbling,
  WindowedProjection,
} from '../../src/index.ts';
import { columns, text } from '../../src/projection/declare/columns.ts';
import type { ScanProgress } from '../../src/runner/scan/scan-report.ts';
import { useDatabase } from '../support/test-database.ts';

const TOPIC = 'clicks';

/** The schemas that were ever written, each as JSON. */
const schemaOf = (name: string, fields: readonly object[]) =>
  JSON.stringify({ type: 'record', name, fields });
const user = { name: 'user', type: 'string' };
const at = { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } };
const second = schemaOf('Clicked', [user, at, { name: 'page', type: 'string', default: '' }]);

const Clicked = defineAvroEvent<{ user: string; at: Date; page: string }>({
  name: 'Clicked',
  topic: TOPIC,
  key: 'user',
  time: 'at',
  fields: [
    { name: 'user', type: { kind: 'string' }, nullable: false },
    { name: 'at', type: { kind: 'timestamp-millis' }, nullable: false },
    { name: 'page', type: { kind: 'string' }, nullable: false },
  ],
  schema: second,
});

class ClicksPerHour extends WindowedProjection {
  readonly name = 'clicks_per_hour';
  readonly version = 1;

  define() {
    return this.from(Clicked).key('user').window(tumbling('1 hour')).measure({ clicks: count() });
  }
}

const pages = columns({ user: text().primaryKey(), page: text() });

class LastPages extends TableProjection {
  readonly name = 'last_pages';
  readonly version = 1;

  define() {
    return this.table(pages)
      .key('user')
      .on(Clicked, (_row, event) => ({ user: event.user, page: event.page }));
  }
}

const database = useDatabase('file');
let app: Reprise;
const subject = `${TOPIC}-Clicked`;

beforeAll(async () => {
  app = await createReprise({
    projections: [ClicksPerHour, LastPages],
    events: [Clicked],
    database: { type: 'url', url: database.url },
    topicPartitions: 2,
    logLevel: 'silent',
  });
  await app.migrate();
  await app.log.ensureTopics([{ topic: TOPIC, partitions: 2 }]);
});

afterAll(async () => {
  await app.close();
});

/** Two fields: a text of one character, a time. */
const body = Buffer.from([2, 0x61, 2]);

async function write(partition: number, ...values: readonly (Buffer | null)[]): Promise<void> {
  await app.log.append(
    values.map((value) => ({ topic: TOPIC, partition, key: Buffer.from('a'), value })),
  );
}

it('counts each schema with its places, and is content with what the projections can read', async () => {
  const first = await app.registry.register(subject, schemaOf('Clicked', [user, at]));
  const next = await app.registry.register(subject, second);
  const other = await app.registry.register(`${TOPIC}-Viewed`, schemaOf('Viewed', []));
  const old = encodeWithHeader(first.id, body);
  await write(0, old, old, encodeWithHeader(next.id, Buffer.concat([body, Buffer.from([0])])));
  await write(1, null, old);
  const seen: ScanProgress[] = [];
  const report = await app.schemas.scan({ onProgress: (progress) => seen.push(progress) });
  expect(report).toMatchObject({ records: 5n, tombstones: 1n, isReadable: true });
  expect(report.schemas).toEqual([
    {
      topic: TOPIC,
      schemaId: first.id,
      record: 'Clicked',
      records: 3n,
      partitions: [
        { partition: 0, records: 2n, firstOffset: 0n, lastOffset: 1n },
        { partition: 1, records: 1n, firstOffset: 1n, lastOffset: 1n },
      ],
      unreadable: [],
    },
    {
      topic: TOPIC,
      schemaId: next.id,
      record: 'Clicked',
      records: 1n,
      partitions: [{ partition: 0, records: 1n, firstOffset: 2n, lastOffset: 2n }],
      unreadable: [],
    },
  ]);
  expect(seen.at(-1)).toMatchObject({ records: 5, totalRecords: 5 });
  expect(other.id).toBeGreaterThan(next.id);
});

it('names, for each projection, schemas and records that it cannot read', async () => {
  await app.registry.setCompatibility(subject, 'NONE');
  const page = { name: 'page', type: 'long' };
  const third = await app.registry.register(subject, schemaOf('Clicked', [user, at, page]));
  await write(0, encodeWithHeader(third.id, Buffer.concat([body, Buffer.from([4])])));
  await write(1, encodeWithHeader(third.id + 1000, body), Buffer.from('{}'));
  const report = await app.schemas.scan();
  expect(report.isReadable).toBe(false);
  const faults = report.schemas.flatMap(({ schemaId, unreadable }) =>
    unreadable.map(({ projection, reason, records, first }) => [
      schemaId,
      projection,
      reason,
      records,
      `${first.partition}@${first.offset}`,
    ]),
  );
  expect(faults).toContainEqual([third.id, 'last_pages', 'INCOMPATIBLE_SCHEMA', 1n, '0@3']);
  for (const projection of ['clicks_per_hour', 'last_pages']) {
    expect(faults).toContainEqual([third.id + 1000, projection, 'UNKNOWN_SCHEMA_ID', 1n, '1@2']);
    expect(faults).toContainEqual([null, projection, 'NOT_CONFLUENT', 1n, '1@3']);
  }
});

it('scans for one projection alone, and refuses one that is not there', async () => {
  const report = await app.schemas.scan({ projection: 'clicks_per_hour' });
  const named = report.schemas.flatMap(({ unreadable }) => unreadable.map((one) => one.projection));
  expect(new Set(named)).toEqual(new Set(['clicks_per_hour']));
  await expect(app.schemas.scan({ projection: 'nope' })).rejects.toMatchObject({
    code: 'UNKNOWN_PROJECTION',
  });
});
