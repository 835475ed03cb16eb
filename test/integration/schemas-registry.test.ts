import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineAvroEvent } from '../../src/event/define-avro-event.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { createPublisher } from '../../src/publish/create-publisher.ts';
import { createConfluentRegistry } from '../../src/registry/confluent/confluent-registry.ts';
import { createPostgresRegistry } from '../../src/registry/postgres/postgres-registry.ts';
import { findOrRegister } from '../../src/registry/registry-history.ts';
import type { SchemaRegistry } from '../../src/registry/schema-registry.ts';
import { isRepriseError, type RepriseError } from '../../src/reprise-error.ts';
import { checkAgainstRegistry } from '../../src/schemas/check-against-registry.ts';
import { checkRecords } from '../../src/schemas/check-records.ts';
import { pullRecord, pullSubject } from '../../src/schemas/pull-subject.ts';
import { recordNamed } from '../../src/schemas/record-current.ts';
import { registerRecords } from '../../src/schemas/register-records.ts';
import { currentSchema, recordedSchema } from '../../src/schemas/resolved-schema.ts';
import { readSchemaFolder } from '../../src/schemas/schema-folder.ts';
import { startForeignRegistry } from '../support/foreign-registry.ts';
import {
  order,
  RULES,
  schemaDirectory,
  writeCurrent,
  writeVersion,
} from '../support/schema-folder.ts';
import { useDatabase } from '../support/test-database.ts';

const foreign = await startForeignRegistry();
const database = useDatabase('file');
let pool: pg.Pool;

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
  pool.on('error', () => undefined);
});
afterAll(async () => {
  foreign?.stop();
  await pool.end();
});

let count = 0;
/** Subjects of one test are not those of another. */
const newTopic = () => `topic-${(count += 1)}`;

const id = { name: 'id', type: 'string' };
const withDefault = (name: string) => ({ name, type: 'string', default: '' });

async function thrown(work: Promise<unknown>): Promise<RepriseError> {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (isRepriseError(error)) return error;
  throw new Error(`not refused: ${String(error)}`);
}

function onRegistry(open: () => SchemaRegistry): void {
  it('registers the whole history in order, and nothing twice', async () => {
    const directory = await schemaDirectory();
    const [topic, registry] = [newTopic(), open()];
    await writeVersion(directory, 'order', order([id], { topic }));
    const folder = await writeVersion(directory, 'order', order([id, withDefault('a')], { topic }));
    const first = await registerRecords(folder, folder.records, registry, RULES);
    expect(first.map(({ version, isNew }) => [version, isNew])).toEqual([
      [1, true],
      [2, true],
    ]);
    const versions = await registry.versions(`${topic}-shop.OrderPlaced`);
    expect(versions.map(({ version }) => version)).toEqual([1, 2]);
    const again = await registerRecords(folder, folder.records, registry, RULES);
    expect(again.every(({ isNew }) => !isNew)).toBe(true);
    expect(await checkAgainstRegistry(folder, registry, RULES)).toEqual([]);
  });

  it('registers types of other files as references, and knows the schema again written out', async () => {
    const directory = await schemaDirectory();
    const [topic, registry] = [newTopic(), open()];
    const address = { type: 'record', name: `Address${count}`, namespace: 'shop', fields: [id] };
    await writeCurrent(directory, 'address', address);
    const to = { name: 'to', type: address.name };
    const folder = await writeVersion(directory, 'order', order([to], { topic }));
    await registerRecords(folder, folder.records, registry, RULES);
    const subject = `${topic}-shop.OrderPlaced`;
    const { id: schemaId, references } = await registry.latest(subject);
    const name = `shop.${address.name}`;
    expect(references).toEqual([{ name, subject: name, version: 1 }]);
    const [version] = recordNamed(folder, 'order').versions;
    if (version === undefined) throw new Error('no version');
    expect((await findOrRegister(registry, subject, recordedSchema(folder, version))).id).toBe(
      schemaId,
    );
    expect(await checkAgainstRegistry(folder, registry, RULES)).toEqual([]);
  });

  it('records in one folder what another has registered', async () => {
    const there = await schemaDirectory();
    const here = await schemaDirectory();
    const [topic, registry] = [newTopic(), open()];
    await writeVersion(there, 'order-placed', order([id], { topic }));
    const first = await writeVersion(
      there,
      'order-placed',
      order([id, withDefault('a')], { topic }),
    );
    await registerRecords(first, first.records, registry, RULES);
    const pulled = await pullSubject(
      await readSchemaFolder(here),
      `${topic}-shop.OrderPlaced`,
      registry,
    );
    expect(pulled).toMatchObject({ name: 'order-placed', versions: [1, 2], needsTopic: false });
    const next = order([id, withDefault('a'), withDefault('b')], { topic });
    const third = await writeVersion(there, 'order-placed', next);
    await registerRecords(third, third.records, registry, RULES);
    const before = await readSchemaFolder(here);
    expect((await checkAgainstRegistry(before, registry, RULES)).map(({ code }) => code)).toEqual([
      'NOT_IN_HISTORY',
    ]);
    const more = await pullRecord(before, recordNamed(before, 'order-placed'), registry, RULES);
    expect(more).toMatchObject({ versions: [3], wrote: true });
    const after = await readSchemaFolder(here);
    expect(checkRecords(after, RULES)).toEqual([]);
    expect(JSON.parse(after.records[0]?.current ?? '')).toEqual(next);
  });

  it('does not pull over changes that are not recorded, nor into the middle of a history', async () => {
    const directory = await schemaDirectory();
    const [topic, registry] = [newTopic(), open()];
    const subject = `${topic}-shop.OrderPlaced`;
    await registry.register(subject, JSON.stringify(order([id], { topic })));
    const second = order([id, withDefault('a')], { topic });
    await registry.register(subject, JSON.stringify(second));
    const folder = await writeVersion(directory, 'order', second);
    const late = await thrown(pullRecord(folder, recordNamed(folder, 'order'), registry, RULES));
    expect(late.message).toMatch(/Version 1 of .* while a later one is/);
    const edited = await writeCurrent(directory, 'order', order([id], { topic }));
    const refused = await thrown(pullRecord(edited, recordNamed(edited, 'order'), registry, RULES));
    expect(refused.message).toMatch(/changes that are not recorded/);
  });

  it('refuses an incompatible version by check, registry and publisher, with the same explanation', async () => {
    const directory = await schemaDirectory();
    const [topic, registry] = [newTopic(), open()];
    const fields: object[] = [id];
    for (let version = 1; version <= 4; version += 1) {
      await writeVersion(directory, 'order', order(fields, { topic }));
      fields.push(withDefault(`field${version}`));
    }
    const recorded = await readSchemaFolder(directory);
    await registerRecords(recorded, recorded.records, registry, RULES);
    const fifth = order([{ name: 'id', type: 'long' }, ...fields.slice(1)], { topic });
    const folder = await writeCurrent(directory, 'order', fifth);
    const [found] = checkRecords(folder, RULES).filter(
      ({ code }) => code === 'INCOMPATIBLE_SCHEMA',
    );
    const explanation = found?.message ?? '';
    expect(explanation).toMatch(/breaks BACKWARD_TRANSITIVE: .*version 4 wrote.*version 1 wrote/);
    const [there] = await checkAgainstRegistry(folder, registry, RULES);
    expect(there?.message).toBe(`the registry would refuse it: ${explanation}`);
    const schema = currentSchema(folder, 'order', JSON.stringify(fifth)).standalone;
    const refusal = await thrown(registry.register(`${topic}-shop.OrderPlaced`, schema));
    const log = {
      append: () => Promise.reject(new Error('never')),
    } as Partial<EventLog> as EventLog;
    const publisher = createPublisher({ log, registry });
    const event = defineAvroEvent<object>({ name: 'OrderPlaced', topic, fields: [], schema });
    const published = await thrown(publisher.publish(event, { id: 1n }));
    for (const { code, facts, message } of [refusal, published]) {
      expect(code).toBe('INCOMPATIBLE_SCHEMA');
      expect(facts['words']).toBe(explanation);
      expect(message).toContain(explanation);
    }
  });
}

describe('with the registry in Postgres', () => {
  onRegistry(() => createPostgresRegistry({ pool }));
});

describe.skipIf(foreign === undefined)('with a foreign registry', () => {
  onRegistry(() => createConfluentRegistry({ url: foreign?.url ?? '' }));
});
