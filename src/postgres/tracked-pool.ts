import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import pg from 'pg';

/** How long the server is given to cancel, before connections are cut. Milliseconds. */
const CANCEL_MS = 1_000;

/** A pool whose connections in use can be told to end what they are at. */
export interface TrackedPool {
  /** Hands out connections of the pool that was given. */
  readonly pool: Pool;
  /**
   * Ends the statements under way on connections that were handed out: asks the server to cancel
   * them, and cuts what goes on for another second, or cannot be reached. Their transactions roll
   * back; a COMMIT under way stays in doubt, as on any connection that is lost. Never throws.
   */
  endStatements(): Promise<void>;
}

/** Watches which connections `pool.connect()` hands out through it. `pool.query` is not watched. */
export function trackConnections(pool: Pool): TrackedPool {
  const used = new Set<PoolClient>();
  const connect = async (): Promise<PoolClient> => {
    const client = await pool.connect();
    used.add(client);
    // The pool gives every client a `release` of its own each time.
    const { release } = client;
    client.release = (broken) => {
      used.delete(client);
      release.call(client, broken);
    };
    return client;
  };
  const query = pool.query.bind(pool);
  const tracked: Pool = Object.create(pool, {
    connect: { value: connect },
    query: { value: query },
  }) as Pool;
  return { pool: tracked, endStatements: () => endStatements(pool, used) };
}

async function endStatements(pool: Pool, used: ReadonlySet<PoolClient>): Promise<void> {
  const inUse = [...used];
  if (inUse.length === 0) return;
  await cancel(pool, inUse.map(processIdOf)).catch(() => undefined);
  const untilMs = performance.now() + CANCEL_MS;
  while (performance.now() < untilMs && inUse.some((client) => used.has(client))) await delay(20);
  for (const client of inUse) if (used.has(client)) cut(client);
}

/** On a connection of its own: the pool may have none left. */
async function cancel(pool: Pool, processIds: readonly (number | null)[]): Promise<void> {
  const client = new pg.Client({ ...pool.options, connectionTimeoutMillis: CANCEL_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select pg_cancel_backend(pid) from unnest($1::int[]) pid', [
      processIds.filter((id) => id !== null),
    ]);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The driver's types do not show it. */
function processIdOf(client: PoolClient): number | null {
  return (client as PoolClient & { processID?: number | null }).processID ?? null;
}

function cut(client: PoolClient): void {
  const { connection } = client as PoolClient & {
    connection?: { readonly stream?: { destroy(): void } };
  };
  connection?.stream?.destroy();
}
