import pg from 'pg';
import { kindName } from '../payment-kind.ts';
import type { ExpectedKind } from '../workload/expected-kinds.ts';
import { ROWS_SQL } from '../workload/expected-kinds.ts';

/**
 * Compares every row of a kind's table with what the bench computed itself. @throws Error naming a
 * row that is not expected, or how many are missing
 */
export async function verifyKind(databaseUrl: string, expected: ExpectedKind): Promise<void> {
  const { kind } = expected;
  const table = `${kindName(kind)}__v1`;
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const text = ROWS_SQL[kind](table);
    const found = await client.query<unknown[]>({ text, rowMode: 'array' });
    const rows = found.rows.filter(expected.isSettled);
    const stray = rows.find((row) => !expected.rows.has(JSON.stringify(row)));
    if (stray !== undefined) throw new Error(`${table}: unexpected row ${JSON.stringify(stray)}`);
    if (rows.length !== expected.rows.size)
      throw new Error(`${table} has ${rows.length} rows, expected ${expected.rows.size}`);
  } finally {
    await client.end();
  }
}
