import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { startPostgresContainer } from './containers.ts';

/**
 * A migrated database that nobody connects to: Postgres clones only databases without connections.
 */
const TEMPLATE = 'reprise_test_template';

export interface TestPostgres {
  /** Superuser on the database `postgres`. */
  readonly url: string;
  /** Ends the server and deletes its data, if it was started here. */
  stop(): Promise<void>;
}

/**
 * The server of `REPRISE_TEST_DATABASE_URL`, else one in Docker, else an embedded one in a
 * temporary folder, the last two without fsync; with the template made anew.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  const server = await startServer();
  try {
    await makeTemplate(server.url);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** Clones the template under a name of its own. */
export async function cloneTemplate(
  adminUrl: string,
  name: string,
): Promise<{ readonly url: string; drop(): Promise<void> }> {
  await asAdmin(adminUrl, `create database ${pg.escapeIdentifier(name)} template ${TEMPLATE}`);
  return {
    url: urlOf(adminUrl, name),
    drop: () =>
      asAdmin(adminUrl, `drop database if exists ${pg.escapeIdentifier(name)} with (force)`),
  };
}

/** An empty database, not migrated. */
export async function createEmptyDatabase(
  adminUrl: string,
  name: string,
): Promise<{ readonly url: string; drop(): Promise<void> }> {
  await asAdmin(adminUrl, `create database ${pg.escapeIdentifier(name)} template template0`);
  return {
    url: urlOf(adminUrl, name),
    drop: () =>
      asAdmin(adminUrl, `drop database if exists ${pg.escapeIdentifier(name)} with (force)`),
  };
}

async function startServer(): Promise<TestPostgres> {
  const given = process.env['REPRISE_TEST_DATABASE_URL'];
  if (given !== undefined) return { url: given, stop: async () => {} };
  const container = await startPostgresContainer();
  if (container === undefined) return startEmbedded();
  return { url: container.address, stop: container.stop };
}

async function startEmbedded(): Promise<TestPostgres> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'reprise-test-'));
  // mkdtemp makes 700, behind which the server's user could not go when tests run as root.
  chmodSync(dataDirectory, 0o755);
  const server = await startEmbeddedPostgres({
    dataDirectory,
    database: 'postgres',
    durable: false,
  });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      rmSync(server.dataDirectory, { recursive: true, force: true });
    },
  };
}

async function makeTemplate(adminUrl: string): Promise<void> {
  await asAdmin(adminUrl, `drop database if exists ${TEMPLATE} with (force)`);
  await asAdmin(adminUrl, `create database ${TEMPLATE}`);
  await migrate(urlOf(adminUrl, TEMPLATE));
}

async function asAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
}
