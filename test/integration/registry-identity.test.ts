import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { parseRegistryExport, type RegistryExport } from '../../src/registry/registry-export.ts';
import type { Reprise } from '../../src/reprise.ts';
import { startProgram } from '../support/child-process.ts';
import { type Example, exampleEvents, exampleOn, publishAll } from '../support/example-app.ts';
import { deleteTopics, describeKafka, uniqueTopic } from '../support/kafka.ts';
import { sql, tableDigest } from '../support/read-model.ts';
import { settled } from '../support/settled.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const support = fileURLToPath(new URL('../support/example-app.ts', import.meta.url));

describeKafka('a registry kept in Postgres beside Kafka', (brokers) => {
  const databases: TestDatabase[] = [];
  const apps: Reprise[] = [];
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-registry-'));
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    for (const database of databases.splice(0)) await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const database = async () => {
    const made = await createTestDatabase();
    databases.push(made);
    return made;
  };
  const open = async (url: string, example: Example) => {
    const app = await createReprise({
      projections: [example.metricsOf(1)],
      events: [example.event],
      database: { type: 'url', url },
      log: { type: 'kafka', brokers: [...brokers] },
      logLevel: 'silent',
    });
    apps.push(app);
    return app;
  };
  const mismatch = { code: 'REGISTRY_MISMATCH' };

  test('a lost database: the new one is refused with the remedy; export, import and run give equal rows', {
    timeout: 240_000,
  }, async () => {
    const example = exampleOn(uniqueTopic('identity'));
    const first = await database();
    const app = await open(first.url, example);
    // Ids of this registry do not begin as those of a new one would.
    await app.registry.register(
      'older',
      JSON.stringify({ type: 'record', name: 'Older', fields: [] }),
    );
    await app.setUp();
    await app.runner.start();
    await publishAll(app, example, exampleEvents(400));
    await settled(app);
    const rows = await tableDigest(first.url, 'user_metrics__v1');

    const file = join(folder, 'registry.json');
    const cli = async (url: string, ...args: string[]) => {
      const config = join(folder, 'reprise.config.mjs');
      writeFileSync(
        config,
        `import { exampleOn } from ${JSON.stringify(pathToFileURL(support).href)};
         const example = exampleOn(${JSON.stringify(example.topic)});
         export default { projections: [example.metricsOf(1)], events: [example.event],
           database: { type: 'url', url: ${JSON.stringify(url)} },
           log: { type: 'kafka', brokers: ${JSON.stringify(brokers)} } };`,
      );
      const child = startProgram('src/cli/main.ts', {}, ['--config', config, ...args]);
      return { code: await child.exited, out: child.output() };
    };
    writeFileSync(file, JSON.stringify(await app.postgresRegistry.export()));
    expect((await cli(first.url, 'registry', 'export')).out).toContain('"registry": ');
    await app.close();
    await first.drop(); // lost

    const second = await database();
    const stranger = await open(second.url, example);
    await expect(stranger.setUp()).rejects.toMatchObject(mismatch);
    await expect(stranger.runner.start()).rejects.toMatchObject({
      ...mismatch,
      message: expect.stringContaining('reprise registry import FILE') as string,
    });
    await expect(publishAll(stranger, example, exampleEvents(1, 5))).rejects.toMatchObject(
      mismatch,
    );
    expect(await sql(second.url, 'select * from reprise.registry_schemas')).toEqual([]);
    await stranger.close();

    const imported = await cli(second.url, 'registry', 'import', file); // the remedy of the message
    expect([imported.code, imported.out]).toEqual([
      0,
      expect.stringMatching(/[1-9] schemas and [1-9] versions imported/),
    ]);
    const again = await cli(second.url, 'registry', 'import', file);
    expect([again.code, again.out]).toEqual([
      0,
      expect.stringContaining('0 schemas and 0 versions imported'),
    ]);

    const restored = await open(second.url, example);
    await restored.setUp();
    await restored.runner.start();
    await settled(restored);
    expect(await tableDigest(second.url, 'user_metrics__v1')).toBe(rows);
    expect((await restored.versions.verify('user_metrics')).differentRows).toBe(0);
    await publishAll(restored, example, exampleEvents(50, 9));
    await settled(restored);
  });

  test('two applications on one cluster keep registries of their own', {
    timeout: 120_000,
  }, async () => {
    for (const example of [exampleOn(uniqueTopic('own')), exampleOn(uniqueTopic('own'))]) {
      const app = await open((await database()).url, example);
      await app.setUp();
      await publishAll(app, example, exampleEvents(20));
      await app.runner.start();
      await settled(app);
    }
  });

  test('an import refuses ids that mean another schema, and leaves everything as it was', {
    timeout: 120_000,
  }, async () => {
    const example = exampleOn(uniqueTopic('collision'));
    const one = await open((await database()).url, example);
    const record = (name: string) => JSON.stringify({ type: 'record', name, fields: [] });
    await one.registry.register('a', record('A'));
    await one.registry.register('b', record('B'));
    await one.registry.setCompatibility('b', 'NONE');
    const exported = await one.postgresRegistry.export();
    expect(parseRegistryExport(JSON.stringify(exported))).toEqual(exported);

    const target = await database();
    const other = await open(target.url, exampleOn(uniqueTopic('collision')));
    await other.registry.register('c', record('C'));
    const before = await other.postgresRegistry.export();
    await expect(other.postgresRegistry.import(exported)).rejects.toMatchObject({
      code: 'REGISTRY_REFUSED',
      message: expect.stringContaining('id 1 is another schema here') as string,
    });
    expect(await other.postgresRegistry.export()).toEqual(before);

    const fresh = await open((await database()).url, exampleOn(uniqueTopic('collision')));
    await fresh.postgresRegistry.import(exported);
    expect(await fresh.postgresRegistry.export()).toEqual(exported);
    expect(await fresh.registry.compatibility('b')).toBe('NONE');
    const next = await fresh.registry.register('d', record('D'));
    expect(next.id).toBe(3);
  });

  test('a topic that was created again under its name may be bound to another registry', {
    timeout: 120_000,
  }, async () => {
    const example = exampleOn(uniqueTopic('again'));
    const one = await open((await database()).url, example);
    await one.setUp();
    await publishAll(one, example, exampleEvents(5));
    await one.close();
    const url = (await database()).url;
    const other = await open(url, example);
    await expect(other.setUp()).rejects.toMatchObject(mismatch);
    await deleteTopics(brokers, [example.topic]); // so says the message, too
    const after = await open(url, example);
    await after.setUp();
    await publishAll(after, example, exampleEvents(5));
  });
});

test('what is no export is refused with what is wrong', () => {
  const good: RegistryExport = {
    format: 1,
    registry: '0b1c6a52-6a4c-4f0e-9d3c-0a1b2c3d4e5f',
    schemas: [{ id: 1, schema: '"string"' }],
    versions: [{ subject: 's', version: 1, id: 1, deleted: false }],
    compatibility: {},
    modes: {},
  };
  expect(parseRegistryExport(JSON.stringify(good))).toEqual(good);
  for (const [text, words] of [
    ['{', 'not JSON'],
    [JSON.stringify({ ...good, format: 2 }), '"format" is 2'],
    [JSON.stringify({ ...good, registry: 'x' }), 'not a UUID'],
    [JSON.stringify({ ...good, versions: [{ subject: 's', version: 1, id: 9 }] }), 'version {'],
  ] as const) {
    expect(() => parseRegistryExport(text)).toThrow(words);
  }
});
