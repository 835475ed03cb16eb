import { createServer, type Server } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { createConfluentRegistry } from '../../src/registry/confluent/confluent-registry.ts';
import { schemaRegistryContract } from '../../src/testing/contracts/schema-registry-contract.ts';
import { startRegistryContainer } from '../support/containers.ts';
import { startForeignRegistry } from '../support/foreign-registry.ts';

const foreign = await startForeignRegistry();
afterAll(() => foreign?.stop());

const schema = (fields: readonly object[]) =>
  JSON.stringify({ type: 'record', name: 'Sample', fields });

describe.skipIf(foreign === undefined)('on a foreign registry', () => {
  const open = () => createConfluentRegistry({ url: foreign?.url ?? '' });

  for (const { name, run } of schemaRegistryContract) it(name, () => run(open));

  it('holds its level from the first version on, and hands on why a schema is incompatible', async () => {
    const registry = open();
    await registry.register('strict', schema([{ name: 'id', type: 'string' }]));
    expect(await registry.compatibility('strict')).toBe('BACKWARD_TRANSITIVE');
    const incompatible = schema([{ name: 'id', type: 'long' }]);
    await expect(registry.register('strict', incompatible)).rejects.toMatchObject({
      code: 'INCOMPATIBLE_SCHEMA',
      retriable: false,
      message: expect.stringContaining(
        'breaks BACKWARD_TRANSITIVE: the new schema cannot read what version 1 wrote: TYPE_MISMATCH at /fields/0/type',
      ),
    });
  });

  it('leaves the level of a subject that has versions to the registry', async () => {
    const registry = open();
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ schema: schema([]) });
    const path = `${foreign?.url}/subjects/existing/versions`;
    await fetch(path, { method: 'POST', headers, body });
    await registry.register('existing', schema([{ name: 'id', type: 'string', default: '' }]));
    const own = await fetch(`${foreign?.url}/config/existing`);
    expect(own.status).toBe(404);
  });
});

// Confluent's own where Docker runs it, or the one that the environment names: Confluent's,
// Karapace, Apicurio. Credentials may stand in the url.
const given = process.env['REPRISE_TEST_REGISTRY_URL'];
const container = given === undefined ? await startRegistryContainer() : undefined;
afterAll(() => container?.stop());
const real = given ?? container?.address;

if (real !== undefined) {
  describe('on a real registry', () => {
    for (const { name, run } of schemaRegistryContract) {
      it(name, () => run(() => createConfluentRegistry({ url: real })));
    }
  });
}

describe('a registry in trouble', () => {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });

  async function answering(status: number, body: string): Promise<string> {
    const server = createServer((_, response) => response.writeHead(status).end(body));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  it.each([
    [200, '<html>log in</html>', 'REGISTRY_UNAVAILABLE', true],
    [503, '<html>no</html>', 'REGISTRY_UNAVAILABLE', true],
    [500, '{"error_code":50001,"message":"store"}', 'REGISTRY_UNAVAILABLE', true],
    [401, '{"error_code":401,"message":"who"}', 'REGISTRY_REFUSED', false],
    [403, '', 'REGISTRY_REFUSED', false],
    [404, '<html>not here</html>', 'REGISTRY_UNAVAILABLE', true],
    [404, '{"error_code":404,"message":"HTTP 404 Not Found"}', 'REGISTRY_UNAVAILABLE', true],
  ])('that answers %i %s is %s', async (status, body, code, retriable) => {
    const url = await answering(status, body);
    const registry = createConfluentRegistry({ url });
    const expected = { code, retriable, message: expect.stringContaining(url) };
    await expect(registry.schemaById(1)).rejects.toMatchObject(expected);
    await expect(registry.register('any', schema([]))).rejects.toMatchObject(expected);
  });

  it('that is not there, or never answers, is unavailable', async () => {
    const nobody = createConfluentRegistry({ url: 'http://127.0.0.1:1' });
    await expect(nobody.latest('any')).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
    const silent = createServer(() => undefined);
    servers.push(silent);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const registry = createConfluentRegistry({ url: `http://127.0.0.1:${port}`, timeoutMs: 100 });
    await expect(registry.latest('any')).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
      message: expect.stringContaining('100 ms'),
    });
    silent.closeAllConnections();
  });
});
