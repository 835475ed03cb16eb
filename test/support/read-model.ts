import { createHash } from 'node:crypto';
import { Client } from 'pg';

/**
 * Digest of every row of a table but for its name: all physical columns as Postgres prints them
 * exactly, in key order.
 */
export async function tableDigest(databaseUrl: string, table: string): Promise<string> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ row: string }>(
      `select t::text as row from public."${table}" t order by t::text collate "C"`,
    );
    const hash = createHash('sha256');
    for (const { row } of rows) hash.update(row).update('\n');
    return `${rows.length} rows, sha256 ${hash.digest('hex')}`;
  } finally {
    await client.end();
  }
}

/** Runs one statement on a connection of its own. */
export async function sql<Row extends object>(
  databaseUrl: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}
