import type { ClientBase } from 'pg';
import { countRows } from '../../readmodel/count-rows.ts';
import type { ProjectionStatus, StatusOptions } from './task-status.ts';

/**
 * Tables up to this number of rows, dead ones included, are counted: a few milliseconds. Larger
 * ones are estimated.
 */
const ROWS_COUNTED_MAX = 10_000;
/** Dead letters, late events and unpublished events are counted up to this number. */
const COUNTED_MAX = 1_000;

/** A stored version with its counts, before its tasks are known. */
export type StoredCounts = Omit<
  ProjectionStatus,
  'isUndeclared' | 'lagRecords' | 'publishFailures' | 'tasks'
>;

interface CountRow {
  name: string;
  /** Of the first table of the version as it was compiled. */
  table: string;
  version: number;
  state: ProjectionStatus['state'];
  paused: boolean;
  /** Null: it has no table. */
  estimate: number | null;
  /** What a count would read, dead rows included. */
  extent: number | null;
  dead: string;
  late: string;
  unpublished: string;
}

/**
 * Rows of a table (`pg_class c`) by Postgres's statistics. Live tuples are counted with every
 * commit, but begin at 0 again after a crash of the server; then what the last vacuum found is the
 * better guess until the next one.
 */
const ESTIMATE = `case
  when coalesce(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid),
    pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid)) is null
  then greatest(c.reltuples::float8, pg_stat_get_live_tuples(c.oid)::float8)
  else pg_stat_get_live_tuples(c.oid)::float8 end`;

/**
 * An SQL expression: how many rows of a framework table belong to the version, at most $2 (null:
 * all).
 */
function counted(table: string, condition = ''): string {
  return `(select count(*) from (select from reprise.${table} x
    where x.projection = v.projection and x.version = v.version ${condition} limit $2) counted)`;
}

/**
 * The stored versions of projections, by the order of `names`, then oldest first, with counts that
 * take constant time unless they are to be exact.
 */
export async function readCounts(
  client: ClientBase,
  names: readonly string[],
  { exact = false }: StatusOptions,
): Promise<readonly StoredCounts[]> {
  const countedUpTo = exact ? null : COUNTED_MAX;
  const { rows } = await client.query<CountRow>(
    `select v.projection as name, t.name as table, v.version, v.state, coalesce(p.paused, false) as paused,
       ${ESTIMATE} as estimate, ${ESTIMATE} + pg_stat_get_dead_tuples(c.oid)::float8 as extent,
       ${counted('dead_letters')} as dead, ${counted('late_events')} as late,
       ${counted('outbox', 'and not x.held')} as unpublished
     from reprise.projection_versions v
     left join reprise.projections p using (projection)
     cross join lateral (select coalesce(v.plan #>> '{tables,0,name}', v.projection) as name) t
     left join pg_class c on c.oid = to_regclass(format('public.%I', t.name || '__v' || v.version))
     where v.projection = any($1) order by array_position($1, v.projection), v.version`,
    [names, countedUpTo],
  );
  const counts: StoredCounts[] = [];
  for (const { name, table, version, state, paused, ...row } of rows) {
    const counted = await rowsOf(client, { name: table, version }, row, exact);
    counts.push({
      name,
      version,
      state,
      paused,
      ...counted,
      deadLetters: BigInt(row.dead),
      lateEvents: BigInt(row.late),
      unpublished: BigInt(row.unpublished),
      countedUpTo: countedUpTo === null ? null : BigInt(countedUpTo),
    });
  }
  return counts;
}

/**
 * Counts a small table, and any table where that is asked for; nothing is read of a large one, and
 * nobody who locks it is waited for.
 */
async function rowsOf(
  client: ClientBase,
  table: Parameters<typeof countRows>[1],
  { estimate, extent }: Pick<CountRow, 'estimate' | 'extent'>,
  exact: boolean,
): Promise<Pick<ProjectionStatus, 'rows' | 'rowsAreEstimated'>> {
  if (estimate === null) return { rows: 0n, rowsAreEstimated: false };
  if (exact) return { rows: await countRows(client, table), rowsAreEstimated: false };
  let least = 0n;
  if ((extent ?? 0) <= ROWS_COUNTED_MAX) {
    least = await countRows(client, table, ROWS_COUNTED_MAX + 1);
    if (least <= BigInt(ROWS_COUNTED_MAX)) return { rows: least, rowsAreEstimated: false };
  }
  const rows = BigInt(Math.max(0, Math.round(estimate)));
  return { rows: rows > least ? rows : least, rowsAreEstimated: true };
}
