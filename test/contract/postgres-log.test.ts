import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { createPostgresLog } from '../../src/log/postgres/postgres-log.ts';
import { eventLogContract } from '../../src/testing/contracts/event-log-contract.ts';
import { useDatabase } from '../support/test-database.ts';

describe('the Postgres log keeps the contract of', () => {
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

  eventLogContract({
    open: () => createPostgresLog({ pool, url: database.url }),
    uniqueTopic: (prefix) => `${prefix}-${randomBytes(6).toString('hex')}`,
  });
});
