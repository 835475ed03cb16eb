import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import pg from 'pg';

/** Time for the server to cancel statements before connections are closed. Milliseconds. */
const CANCEL_MS = 1_000;

/** A pool that can end the statements of connections in use. */
export interface TrackedPool {
  /** Returns connections of the original pool. */
  readonly pool: Pool;
  /**
   * Ends the running statements of connections in use: asks the server to cancel them, and closes
   * connections that are still busy after another second, or cannot be reached. Their transactions
   * roll back; the outcome of a running COMMIT is unknown, as on any lost connection. Never throws.
   */
  endStatements(): Promise<void>;
}

/** Tracks the connections that `pool.connect()` returns. Does not track `pool.query`. */
export function trackConnections(pool: Pool): TrackedPool {
  const used = new Set<PoolClient>();
  const connect = async (): Promise<PoolClient> => {
    const client = await pool.connect();
    used.add(client);
    // The pool gives every client a new `release` each time.
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

/** Cancels statements over a new connection: the pool may have none left. */
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

/** Returns the connection's process id, which the driver's types do not declare. */
function processIdOf(client: PoolClient): number | null {
  return (client as PoolClient & { processID?: number | null }).processID ?? null;
}

function cut(client: PoolClient): void {
  const { connection } = client as PoolClient & {
    connection?: { readonly stream?: { destroy(): void } };
  };
  connection?.stream?.destroy();
}
