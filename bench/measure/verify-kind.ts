import pg from 'pg';
import type { PaymentKind } from '../payment-kind.ts';
import { kindName } from '../payment-kind.ts';
import { expectedKind, isSettled, ROWS_SQL } from '../workload/expected-kinds.ts';

const known = new Map<string, ReadonlySet<string>>();

/**
 * Compares every row of a kind's table with what the bench computed itself. @throws Error naming a
 * row that is not expected, or how many are missing
 */
export async function verifyKind(
  databaseUrl: string,
  kind: PaymentKind,
  events: number,
): Promise<void> {
  const expected = known.get(`${kind} ${events}`) ?? expectedKind(kind, events);
  known.set(`${kind} ${events}`, expected);
  const table = `${kindName(kind)}__v1`;
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const text = ROWS_SQL[kind](table);
    const found = await client.query<unknown[]>({ text, rowMode: 'array' });
    const rows = found.rows.filter((row) => isSettled(kind, events, row));
    const stray = rows.find((row) => !expected.has(JSON.stringify(row)));
    if (stray !== undefined) throw new Error(`${table}: unexpected row ${JSON.stringify(stray)}`);
    if (rows.length !== expected.size)
      throw new Error(`${table} has ${rows.length} rows, expected ${expected.size}`);
  } finally {
    await client.end();
  }
}
