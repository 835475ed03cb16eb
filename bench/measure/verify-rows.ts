import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { ExpectedRow, ExpectedRows } from '../workload/expected-rows.ts';

export interface VerifyOptions {
  readonly databaseUrl: string;
  readonly table: string;
  readonly expected: ExpectedRows;
  /**
   * Relative difference of sums that is let pass: 0 for exact ones, a little for loops that add
   * doubles one after another.
   */
  readonly sumTolerance: number;
}

/**
 * Compares every row of a table with what the bench computed itself. @returns how many rows there
 * are @throws Error naming the first difference
 */
export async function verifyRows(options: VerifyOptions): Promise<number> {
  const client = new pg.Client({ connectionString: options.databaseUrl });
  await client.connect();
  try {
    const source = client.query(
      copyTo(`copy (
        select user_id, (extract(epoch from window_start) * 1000)::bigint, payments, total, smallest, largest
        from ${options.table}) to stdout`),
    );
    let rows = 0;
    let difference: string | null = null;
    for await (const line of linesOf(source)) {
      rows += 1;
      difference ??= differenceOf(line, options);
    }
    if (difference !== null) throw new Error(`${options.table}: ${difference}`);
    if (rows !== options.expected.rowCount) {
      throw new Error(`${options.table} has ${rows} rows, expected ${options.expected.rowCount}`);
    }
    return rows;
  } finally {
    await client.end();
  }
}

/** How many events the rows of a table count. */
export async function countedEvents(databaseUrl: string, table: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ events: string }>(
      `select coalesce(sum(payments), 0) as events from ${table}`,
    );
    return Number(rows[0]?.events);
  } finally {
    await client.end();
  }
}

async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of source) {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** One line of COPY's text format against the expected row; null when they agree. */
function differenceOf(line: string, { expected, sumTolerance }: VerifyOptions): string | null {
  const [user = '', start = '', payments, total, smallest, largest] = line.split('\t');
  const wanted = expected.row(Number(user.slice(5)), Number(start));
  const found: ExpectedRow = {
    payments: Number(payments),
    total: Number(total),
    smallest: Number(smallest),
    largest: Number(largest),
  };
  const agrees =
    wanted !== null &&
    found.payments === wanted.payments &&
    Math.abs(found.total - wanted.total) <= sumTolerance * wanted.total &&
    found.smallest === wanted.smallest &&
    found.largest === wanted.largest;
  return agrees
    ? null
    : `${user} at ${new Date(Number(start)).toISOString()} is ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`;
}
