import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cachedRegistry } from '../../src/registry/cached-registry.ts';
import { createPostgresRegistry } from '../../src/registry/postgres/postgres-registry.ts';
import { schemaRegistryContract } from '../../src/testing/schema-registry-contract.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 8 });
  pool.on('error', () => undefined); // Dropping the database ends connections that are still closing.
});

afterAll(async () => {
  await pool.end();
  await database.drop();
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

it('refuses what is not JSON', async () => {
  const registry = createPostgresRegistry({ pool });
  await expect(registry.register('broken', '{')).rejects.toMatchObject({
    code: 'REGISTRY_REFUSED',
  });
});
