import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cachedRegistry } from '../../src/registry/cached-registry.ts';
import { createPostgresRegistry } from '../../src/registry/postgres/postgres-registry.ts';
import { schemaRegistryContract } from '../../src/testing/contracts/schema-registry-contract.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase('file');
let pool: pg.Pool;

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: database.url, max: 8 });
  // Dropping the database ends connections that are still closing.
  pool.on('error', () => undefined);
});

afterAll(async () => {
  await pool.end();
});

for (const { name, run } of schemaRegistryContract) {
  it(name, () => run(() => createPostgresRegistry({ pool })));
  it(`${name} (cached)`, () => run(() => cachedRegistry(createPostgresRegistry({ pool }))));
}

it('keeps texts verbatim and holds BACKWARD_TRANSITIVE unless told otherwise', async () => {
  const registry = createPostgresRegistry({ pool });
  const text = '{ "type" : "string"  }\n';
  const { id } = await registry.register('verbatim', text);
  expect(await registry.schemaById(id)).toBe(text);
  expect(await registry.compatibility('verbatim')).toBe('BACKWARD_TRANSITIVE');
});

it('says why a schema is refused, reason by reason', async () => {
  const registry = createPostgresRegistry({ pool });
  const of = (type: string) =>
    JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'id', type }] });
  await registry.register('explained', of('string'));
  await expect(registry.register('explained', of('long'))).rejects.toMatchObject({
    code: 'INCOMPATIBLE_SCHEMA',
    message: expect.stringContaining(
      'breaks BACKWARD_TRANSITIVE: the new schema cannot read what version 1 wrote: TYPE_MISMATCH at /fields/0/type: ',
    ),
  });
});

it('gives one id when 40 connections register one schema under many subjects', async () => {
  const many = new pg.Pool({ connectionString: database.url, max: 40 });
  many.on('error', () => undefined);
  try {
    const text = '{"type":"enum","name":"Contested","symbols":["A"]}';
    const all = await Promise.all(
      Array.from({ length: 120 }, (_, i) =>
        createPostgresRegistry({ pool: many }).register(`contested-${i % 3}`, text),
      ),
    );
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(new Set(all.map(({ version }) => version))).toEqual(new Set([1]));
  } finally {
    await many.end();
  }
});

it('knows a schema again that a process of the version before has written', async () => {
  const registry = createPostgresRegistry({ pool });
  const { id } = await registry.register('before', '{"type":"fixed","name":"Before","size":3}');
  await pool.query('update reprise.registry_schemas set normal_sha256 = null where id = $1', [id]);
  const respelled = '{ "size": 3, "name": "Before", "type": "fixed" }';
  expect(await registry.register('before', respelled)).toMatchObject({ id, version: 1 });
  expect(await registry.register('elsewhere', respelled)).toMatchObject({ id, version: 1 });
});

it('refuses what is not an Avro schema', async () => {
  const registry = createPostgresRegistry({ pool });
  await expect(registry.register('broken', '{"type":"nothing"}')).rejects.toMatchObject({
    code: 'REGISTRY_REFUSED',
  });
});

it('refuses what is not JSON', async () => {
  const registry = createPostgresRegistry({ pool });
  await expect(registry.register('broken', '{')).rejects.toMatchObject({
    code: 'REGISTRY_REFUSED',
  });
});
