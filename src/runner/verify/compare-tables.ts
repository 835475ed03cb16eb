import type { ClientBase } from 'pg';
import type { TablePlan } from '../../projection/plan/table-plan.ts';
import { keyNames, quoted, tableName } from '../../readmodel/table-name.ts';
import type { RowDifference } from './verify-report.ts';

/** A whole row that differs: the live row, the replayed row, or both. */
export interface DifferentRow {
  readonly difference: RowDifference;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** Schema that holds a copy of the live rows from the start of the verification. */
export const SNAPSHOT_SCHEMA = 'reprise_verify';

/** Limit of differences named for each table. */
const NAMED_MAX = 10;

interface ComparedRow {
  readonly partition: number;
  readonly live: Record<string, unknown> | null;
  readonly replayed: Record<string, unknown> | null;
  readonly total: string;
}

/**
 * Compares the live rows of a table with those of a replay: by key, every column, as Postgres
 * prints them, so that rows are equal only if every bit is. In SQL: memory stays bounded whatever
 * the table's size.
 */
export async function compareTables(
  client: ClientBase,
  live: TablePlan,
  replayed: TablePlan,
): Promise<{ readonly differences: readonly DifferentRow[]; readonly total: number }> {
  const keys = ['_partition', ...keyNames(live)];
  const same = keys.map((key) => `l.${quoted(key)} = r.${quoted(key)}`).join(' and ');
  const { rows } = await client.query<ComparedRow>(
    `select coalesce(l._partition, r._partition) as partition, to_jsonb(l) as live, to_jsonb(r) as replayed, count(*) over () as total
     from ${snapshotName(live)} l full join ${tableName(replayed)} r on ${same}
     where l::text is distinct from r::text
     order by ${keys.map((key) => `coalesce(l.${quoted(key)}, r.${quoted(key)})`).join(', ')} limit ${NAMED_MAX}`,
  );
  return {
    total: Number(rows[0]?.total ?? 0),
    differences: rows.map((row) => ({
      difference: differenceOf(live, row),
      rows: [row.live, row.replayed].filter((each) => each !== null),
    })),
  };
}

/** Returns the name of the table with the copied live rows. */
export function snapshotName({ name }: Pick<TablePlan, 'name'>): string {
  return `${SNAPSHOT_SCHEMA}.${quoted(name)}`;
}

function differenceOf(table: TablePlan, { partition, live, replayed }: ComparedRow): RowDifference {
  const present = (live ?? replayed) as Record<string, unknown>;
  const columns = table.columns.map(({ name }) => name);
  return {
    table: table.name,
    partition,
    key: Object.fromEntries(keyNames(table).map((name) => [name, present[name]])),
    kind: live === null ? 'missing' : replayed === null ? 'surplus' : 'different',
    columns: columns
      .filter((name) => JSON.stringify(live?.[name]) !== JSON.stringify(replayed?.[name]))
      .map((name) => ({ name, live: live?.[name] ?? null, replayed: replayed?.[name] ?? null })),
    records: [],
    ranges: [],
  };
}
