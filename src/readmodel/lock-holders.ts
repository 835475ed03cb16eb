import type { Pool } from 'pg';

/** Maximum number of sessions named. */
const NAMED_MAX = 3;

/**
 * Describes the sessions that hold locks on some tables or views, for a message: `pid 4711 (psql,
 * user ada): select …`. Names as in SQL; unknown ones are ignored.
 * @returns null if there are none, or Postgres does not tell
 */
export async function lockHolders(
  pool: Pool,
  relations: readonly string[],
): Promise<string | null> {
  const found = await pool
    .query<{ holder: string }>(
      `select format('pid %s (%s, user %s): %s', a.pid, coalesce(nullif(a.application_name, ''), 'no name'),
         a.usename, left(regexp_replace(a.query, '\\s+', ' ', 'g'), 100)) as holder
       from pg_stat_activity a
       where a.pid <> pg_backend_pid() and exists (select from pg_locks l
         where l.pid = a.pid and l.granted and l.relation in
           (select to_regclass(name) from unnest($1::text[]) name))
       order by a.xact_start limit ${NAMED_MAX}`,
      [relations],
    )
    .catch(() => null);
  const holders = found?.rows.map(({ holder }) => holder) ?? [];
  return holders.length === 0 ? null : holders.join('; ');
}
