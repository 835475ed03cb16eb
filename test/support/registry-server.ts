import pg from 'pg';
import { createPostgresStore } from '../../src/registry/postgres/postgres-store.ts';
import type { RegistryServer, RegistryServerOptions } from '../../src/registry/registry-server.ts';
import { startRegistryServer } from '../../src/registry/server/start-registry-server.ts';

/** Our registry's server on a free port, over a database of the test's. */
export async function startTestRegistry(
  databaseUrl: string,
  options: RegistryServerOptions = {},
): Promise<RegistryServer> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 8 });
  pool.on('error', () => undefined);
  const silent = () => undefined;
  const log = { debug: silent, info: silent, error: silent };
  const server = await startRegistryServer(createPostgresStore({ pool }), log, {
    port: 0,
    ...options,
  });
  return {
    url: server.url,
    async close() {
      await server.close();
      await pool.end();
    },
  };
}

/** What a registry answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  /** Undefined where the text is not JSON. */
  readonly body: unknown;
}

/** One request to a registry, `METHOD /path`. */
export async function ask(
  url: string,
  request: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer> {
  const [method = 'GET', path = '/'] = request.split(' ');
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    text,
    body: jsonOf(text),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
