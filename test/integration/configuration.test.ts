import { afterAll, beforeAll, expect, test } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import { localKeyProvider } from '../../src/erasure/local-key-provider.ts';
import { type CommandLine, createCommandLine } from '../support/command-line.ts';
import { writeConfigFile } from '../support/config-file.ts';
import { createTestApp, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { movesOn, WRAPPING_KEYS } from '../support/pii-app.ts';
import { sql } from '../support/read-model.ts';
import { order, schemaDirectory, writeCurrent } from '../support/schema-folder.ts';
import { testConfig } from '../support/test-config.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase('file');
let line: CommandLine;
beforeAll(async () => {
  line = createCommandLine();
});
afterAll(async () => {
  line.close();
});

const minimal = (): RepriseConfig => ({
  projections: [],
  events: [],
  database: { type: 'url', url: database.url },
  logLevel: 'silent',
});

const fields = [{ name: 'id', type: 'string' }];

test('schemasDirectory is the folder that commands work in', async () => {
  const schemasDirectory = await schemaDirectory();
  await writeCurrent(schemasDirectory, 'order-placed', order(fields, { topic: 'placed' }));
  const config = { ...minimal(), schemasDirectory };
  expect((await line.type(config, ['schemas', 'new'])).stdout).toMatch(/order-placed/);
  const listed = await line.type(config, ['schemas', 'check']);
  expect(listed.stdout).toContain('1 records, 1 versions');
});

test('compatibility is what a new version of a schema must keep', async () => {
  const schemasDirectory = await schemaDirectory();
  await writeCurrent(schemasDirectory, 'order-placed', order(fields, { topic: 'kept' }));
  await line.type({ ...minimal(), schemasDirectory }, ['schemas', 'new']);
  const more = [...fields, { name: 'note', type: 'string', default: '' }];
  const changed = more.slice(1);
  await writeCurrent(schemasDirectory, 'order-placed', order(changed, { topic: 'kept' }));
  const judged = async (compatibility: 'BACKWARD' | 'FULL') =>
    (await line.type({ ...minimal(), schemasDirectory, compatibility }, ['schemas', 'new']))
      .exitCode;
  // Old readers need the field that is gone.
  expect(await judged('FULL')).not.toBe(0);
  expect(await judged('BACKWARD')).toBe(0);
});

test('rebuildWorkers threads share a rebuild whose caller does not say how many', async () => {
  const example = exampleOn('worked-on');
  const options = { databaseUrl: database.url, example };
  const live = await createTestApp(options);
  const file = writeConfigFile({ ...options, version: 2 });
  const next = await createReprise({
    ...testConfig({ ...options, version: 2 }),
    rebuildWorkers: 3,
  });
  try {
    await live.setUp();
    await publishAll(live, example, exampleEvents(40));
    await next.versions.rebuild('user_metrics', { workers: { configFile: file.path } });
    expect(file.threads()).toBe(2);
  } finally {
    await next.close();
    await live.close();
    file.remove();
  }
});

test('erasure.wrappingKeys wrap the keys of pii fields, or erasure.keyProvider does', async () => {
  const moves = movesOn('wrapped');
  const publish = async (userId: string, erasure: NonNullable<RepriseConfig['erasure']>) => {
    const app = await createReprise({ ...minimal(), events: [moves.event], erasure });
    const moved = { userId, email: 'u@example.com', photo: null, city: 'x', amount: 1n };
    try {
      await app.setUp();
      await app.publisher.publish(moves.event, { ...moved, at: new Date() });
    } finally {
      await app.close();
    }
  };
  await publish('ann', { wrappingKeys: WRAPPING_KEYS });
  const local = localKeyProvider(`own:${Buffer.alloc(32, 9).toString('base64')}`);
  await publish('bob', {
    keyProvider: {
      wrap: (key) => local.wrap(key),
      unwrap: (wrapped, wrappingKey) => local.unwrap(wrapped, wrappingKey),
    },
  });
  const keys = 'select subject, wrapping_key from reprise.data_keys order by 1';
  expect(await sql(database.url, keys)).toEqual([
    { subject: 'ann', wrapping_key: 'test' },
    { subject: 'bob', wrapping_key: 'own' },
  ]);
});

test('registryServer says where the registry is served and for whom; registry.token and username let a client in', async () => {
  const server = await createReprise({
    ...minimal(),
    registryServer: {
      host: '127.0.0.1',
      port: 0,
      users: [{ username: 'ann', password: 'secret' }],
      tokens: ['t0ken'],
    },
  });
  try {
    await server.migrate();
    const { url } = await server.postgresRegistry.serve();
    expect(new URL(url).hostname).toBe('127.0.0.1');
    const { event } = movesOn('served');
    const setUp = async (login: object) => {
      const erasure = { wrappingKeys: WRAPPING_KEYS };
      const registry = { type: 'confluent' as const, url, ...login };
      const app = await createReprise({ ...minimal(), events: [event], erasure, registry });
      await app.setUp().finally(() => app.close());
    };
    await expect(setUp({})).rejects.toMatchObject({ code: 'REGISTRY_REFUSED' });
    await expect(setUp({ token: 'another' })).rejects.toMatchObject({
      code: 'REGISTRY_REFUSED',
    });
    await setUp({ token: 't0ken' });
    await setUp({ username: 'ann', password: 'secret' });
    const headers = { authorization: 'Bearer t0ken' };
    const subjects = await (await fetch(`${url}/subjects`, { headers })).json();
    expect(subjects).toContain('served-Moved');
  } finally {
    await server.close();
  }
});

test('subjects names the subject of each topic', async () => {
  const { event } = movesOn('named');
  const erasure = { wrappingKeys: WRAPPING_KEYS };
  const subjects = { named: 'topicName', '*': 'recordName' } as const;
  const app = await createReprise({ ...minimal(), events: [event], erasure, subjects });
  try {
    await app.setUp();
    const { versions } = await app.postgresRegistry.export();
    expect(versions.map(({ subject }) => subject)).toContain('named-value');
  } finally {
    await app.close();
  }
});

test('dev.events is asked for events at dev.ratePerSecond', async () => {
  const example = exampleOn('shown');
  const asked: unknown[] = [];
  const config: RepriseConfig = {
    ...testConfig({ databaseUrl: database.url, example }),
    projections: [],
    dev: {
      ratePerSecond: 25,
      events: (options) => {
        asked.push(options);
        return exampleEvents(5).map((value) => ({ event: example.event, value }));
      },
    },
  };
  const ended = await line.type(config, ['dev', '--events', '5', '--exit', '--json']);
  expect(ended.exitCode, ended.stderr).toBe(0);
  expect(JSON.parse(ended.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ events: 5 });
  expect(asked).toMatchObject([{ seed: 1, ratePerSecond: 25 }]);
});

test('leaseMs is how long an instance counts without a heartbeat, topicPartitions what a new topic has', async () => {
  const example = exampleOn('leased');
  const given = testConfig({ databaseUrl: database.url, example });
  const app = await createReprise({ ...given, leaseMs: 90_000, topicPartitions: 3 });
  try {
    await app.setUp();
    await app.runner.start();
    const leases = await sql(
      database.url,
      `select lease_until - now() between '80 seconds' and '90 seconds' as holds
       from reprise.instances where instance = '${app.runner.instance}'`,
    );
    expect(leases).toEqual([{ holds: true }]);
    expect((await app.log.describe(['leased'])).get('leased')?.partitions).toHaveLength(3);
  } finally {
    await app.close();
  }
});
