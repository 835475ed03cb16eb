import { createServer, type Server, type ServerResponse } from 'node:http';
import type { SchemaRegistry } from '../../src/registry/schema-registry.ts';
import { isRepriseError } from '../../src/reprise-error.ts';

/** What a registry may do instead of answering. */
export type Flaw = 'down' | 'stalled' | 'error 500' | 'html';

/**
 * A registry over HTTP that answers `GET /schemas/ids/N` as Confluent's does, from another
 * registry, or misbehaves.
 */
export interface FlawedRegistry {
  readonly url: string;
  /** How often an id was asked for and answered. */
  readonly asked: ReadonlyMap<number, number>;
  /** Ids that are not known yet, and how many answers it takes until they are. */
  readonly late: Map<number, number>;
  misbehave(flaw: Flaw | null): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it on loopback. */
export async function startFlawedRegistry(registry: SchemaRegistry): Promise<FlawedRegistry> {
  const asked = new Map<number, number>();
  const late = new Map<number, number>();
  let flaw: Flaw | null = null;
  const stalled = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const id = Number(request.url?.split('/').at(-1));
    if (flaw === 'stalled') stalled.add(response);
    else if (flaw === 'error 500') answer(response, 500, { error_code: 50001, message: 'store' });
    else if (flaw === 'html') response.end('<html><body>Bad gateway</body></html>');
    else void answerId(response, id);
  });

  async function answerId(response: ServerResponse, id: number): Promise<void> {
    asked.set(id, (asked.get(id) ?? 0) + 1);
    const missing = late.get(id) ?? 0;
    if (missing > 0) late.set(id, missing - 1);
    try {
      if (missing > 0) throw new RangeError('not replicated yet');
      answer(response, 200, { schema: await registry.schemaById(id) });
    } catch (error) {
      if (!(error instanceof RangeError) && !isRepriseError(error, 'UNKNOWN_SCHEMA_ID'))
        throw error;
      answer(response, 404, { error_code: 40403, message: 'Schema not found' });
    }
  }

  await listen(server, 0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the registry has no port');
  const { port } = address;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    late,
    async misbehave(next) {
      const before = flaw;
      flaw = next;
      for (const response of stalled) response.destroy();
      stalled.clear();
      if (next === 'down') await close(server);
      else if (before === 'down') await listen(server, port);
    },
    stop: () => close(server),
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
  response.end(JSON.stringify(body));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
