import knexFactory, { type Knex } from 'knex';
import pg from 'pg';
import { explainConnectionError } from '../postgres/explain-connection-error.ts';
import { isRepriseError } from '../reprise-error.ts';
import { PrimaryGuard } from './primary-guard.ts';
import { queryTypes } from './query-types.ts';

const CONNECT_MS = 10_000;

/**
 * Limits of every session. A statement that takes minutes has lost its server or has a defect;
 * those that may (index builds, merges of a rebuild) lift the limit for their own transaction. A
 * transaction left idle by a hanging process must not hold its task's row.
 */
const SESSION = {
  application_name: 'reprise',
  connectionTimeoutMillis: CONNECT_MS,
  statement_timeout: 300_000,
  lock_timeout: 10_000,
  idle_in_transaction_session_timeout: 10_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
} as const;

/** pg-pool awaits the promise of `onConnect`, although the driver's types do not declare it. */
type PoolConfig = Omit<pg.PoolConfig, 'onConnect'> & {
  readonly onConnect: (client: pg.ClientBase) => Promise<void>;
};

/**
 * Creates a pool for the runner and the stores, of connections to one primary: see `PrimaryGuard`.
 * Does not connect yet. At most `max` connections, default 10; a caller waits at most `connectMs`
 * for one, default 10,000. The caller ends the pool.
 */
export function createPool(options: {
  readonly url: string;
  readonly max?: number;
  readonly connectMs?: number;
}): pg.Pool {
  const guard = new PrimaryGuard();
  const config: PoolConfig = {
    connectionString: options.url,
    max: options.max ?? 10,
    ...SESSION,
    connectionTimeoutMillis: options.connectMs ?? CONNECT_MS,
    // Not pg-pool's `verify`: if the wait for a connection ends during it, the pool loses the
    // connection permanently.
    onConnect: (client) => guard.admit(client),
  };
  const pool = new pg.Pool(config);
  // A lost connection is reported by the statement that uses it, and the pool drops idle ones by
  // itself; without listeners node would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/**
 * Creates a knex instance for reads, with its own type parsing: see `queryTypes`. Does not connect
 * yet. The caller destroys it.
 */
export function createKnex(options: { readonly url: string; readonly max?: number }): Knex {
  return knexFactory({
    client: 'pg',
    connection: { connectionString: options.url, ...SESSION, types: queryTypes },
    pool: { min: 0, max: options.max ?? 10 },
    acquireConnectionTimeout: CONNECT_MS,
  });
}

/**
 * Checks that the database can be reached. `url` is only for the message. @throws
 * DATABASE_UNAVAILABLE, STANDBY
 */
export async function checkDatabase(pool: pg.Pool, url: string): Promise<void> {
  try {
    await pool.query('select 1');
  } catch (error) {
    if (isRepriseError(error)) throw error;
    throw explainConnectionError(error, url);
  }
}
