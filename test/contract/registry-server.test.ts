import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConfluentRegistry } from '../../src/registry/confluent/confluent-registry.ts';
import type { RegistryServer } from '../../src/registry/registry-server.ts';
import { schemaRegistryContract } from '../../src/testing/contracts/schema-registry-contract.ts';
import { startTestRegistry } from '../support/registry-server.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase('file');

describe('the Confluent adapter on our own server', () => {
  let server: RegistryServer;
  beforeAll(async () => {
    server = await startTestRegistry(database.url);
  });
  afterAll(() => server.close());

  for (const { name, run } of schemaRegistryContract) {
    it(name, () => run(() => createConfluentRegistry({ url: server.url })));
  }

  it('gives one id when 40 clients register one schema at four instances', async () => {
    const more = await Promise.all([1, 2, 3].map(() => startTestRegistry(database.url)));
    const text = '{"type":"enum","name":"Contested","symbols":["A"]}';
    const urls = [server, ...more].map(({ url }) => url);
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        createConfluentRegistry({ url: urls[i % 4] ?? '' }).register(`contested-${i % 3}`, text),
      ),
    );
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(new Set(all.map(({ version }) => version))).toEqual(new Set([1]));
    await Promise.all(more.map((each) => each.close()));
  });
});

describe('a server that asks who is there', () => {
  let server: RegistryServer;
  beforeAll(async () => {
    const users = [{ username: 'ann', password: 'p:ss wörd' }];
    server = await startTestRegistry(database.url, { auth: { users, tokens: ['t0ken'] } });
  });
  afterAll(() => server.close());

  it.each([
    ['a name and password', { username: 'ann', password: 'p:ss wörd' }],
    ['a token', { bearer: 't0ken' }],
  ])('lets in who has %s', async (_, auth) => {
    const registry = createConfluentRegistry({ url: server.url, auth });
    expect(await registry.subjects()).toContain('contested-0');
    await registry.register('guarded', '{"type":"enum","name":"Guarded","symbols":["A"]}');
  });

  it.each([
    ['another password', { username: 'ann', password: 'p' }],
    ['another token', { bearer: 't0ken2' }],
    ['nothing', undefined],
  ])('refuses who has %s', async (_, auth) => {
    const options = { url: server.url, ...(auth === undefined ? {} : { auth }) };
    await expect(createConfluentRegistry(options).subjects()).rejects.toMatchObject({
      code: 'REGISTRY_REFUSED',
      message: expect.stringContaining('401'),
    });
  });

  it('says how to log in', async () => {
    const response = await fetch(`${server.url}/subjects`);
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="schema registry", Bearer');
    expect(await response.json()).toEqual({ error_code: 401, message: 'Unauthorized' });
  });
});
