import type { ClientBase, Pool } from 'pg';
import type { Plan } from '../../projection/plan/plan.ts';
import { planJson, shapeDifferences } from '../../projection/plan/shape-differences.ts';
import { type PlanShape, SHAPE_FORMAT } from '../../projection/plan/shape-format.ts';
import { RepriseError } from '../../reprise-error.ts';
import { topicsOf } from '../settings/topics-of.ts';
import { assertDatabase } from './assert-database.ts';
import { STATES_BEFORE, type VersionState } from './version-state.ts';

/** Limit of differences named in a message. */
const DIFFERENCES_SHOWN = 12;

/** Names a version of a projection. */
interface VersionKey {
  readonly projection: string;
  readonly version: number;
}

/** A stored version of a projection. */
export interface StoredVersion {
  readonly version: number;
  readonly fingerprint: string;
  readonly state: VersionState;
  /** The instance that rebuilds it, or the last one that did. */
  readonly builder: string | null;
  /** Built only with the records before this time. */
  readonly asOf: Date | null;
  /** The plan as compiled when the version was created, parsed from JSON. */
  readonly plan: unknown;
}

/** Reads the stored versions of a projection, oldest first. */
export async function readVersions(
  client: ClientBase,
  projection: string,
): Promise<readonly StoredVersion[]> {
  const { rows } = await client.query<StoredVersion>(
    `select version, fingerprint, state, builder, as_of as "asOf", plan from reprise.projection_versions
     where projection = $1 order by version`,
    [projection],
  );
  return rows;
}

/** A stored version with its counts, as far as Postgres knows them without reading its table. */
export interface VersionCounts {
  readonly name: string;
  /** Name of the first table of the version, as it was compiled. */
  readonly table: string;
  readonly version: number;
  readonly state: VersionState;
  readonly paused: boolean;
  /** Estimated number of rows; null: the table does not exist. */
  readonly estimate: number | null;
  /** Number of rows that a count would read, dead ones included. */
  readonly extent: number | null;
  readonly dead: string;
  readonly late: string;
  readonly unpublished: string;
}

/**
 * Number of rows of a table (`pg_class c`) by Postgres's statistics. Live tuples are counted with
 * every commit, but restart at 0 after a crash of the server. Then the number found by the last
 * vacuum is the better estimate, until the next vacuum.
 */
const ESTIMATE = `case
  when coalesce(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid),
    pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid)) is null
  then greatest(c.reltuples::float8, pg_stat_get_live_tuples(c.oid)::float8)
  else pg_stat_get_live_tuples(c.oid)::float8 end`;

/**
 * Returns an SQL expression that counts the rows of a version in a framework table, at most $2
 * (null: all).
 */
function counted(table: string, condition = ''): string {
  return `(select count(*) from (select from reprise.${table} x
    where x.projection = v.projection and x.version = v.version ${condition} limit $2) counted)`;
}

/**
 * Reads the stored versions of projections, by the order of `names`, then oldest first.
 * `countedUpTo`: limit up to which letters, late events and unpublished events are counted; null:
 * no limit.
 */
export async function readVersionCounts(
  client: ClientBase,
  names: readonly string[],
  countedUpTo: number | null,
): Promise<readonly VersionCounts[]> {
  const { rows } = await client.query<VersionCounts>(
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
  return rows;
}

/** A stored version, and the topics that it reads as it was compiled. */
export interface StoredSources {
  readonly projection: string;
  readonly version: number;
  readonly topics: readonly string[];
}

/**
 * Reads the topics of every stored version: first those of these projections, then the others by
 * name.
 */
export async function readSources(
  pool: Pool,
  first: readonly string[],
): Promise<readonly StoredSources[]> {
  const { rows } = await pool.query<StoredSources>(
    `select projection, version, array(
       select distinct source->'event'->>'topic' from jsonb_array_elements(plan->'sources') as source order by 1) as topics
     from reprise.projection_versions
     order by array_position($1::text[], projection), projection, version`,
    [first],
  );
  return rows;
}

/** Reads one stored version of a projection; undefined: it does not exist. */
export async function readVersion(
  client: ClientBase,
  projection: string,
  wanted: number | null,
): Promise<StoredVersion | undefined> {
  const versions = await readVersions(client, projection);
  return versions.find(({ version }) => version === wanted);
}

/**
 * Locks the projection's row (created if absent) until the transaction ends: one switch or first
 * start at a time. @returns the active version or null
 */
export async function lockProjection(
  client: ClientBase,
  projection: string,
): Promise<number | null> {
  const { rows } = await client.query<{ active_version: number | null }>(
    `insert into reprise.projections (projection) values ($1)
     on conflict (projection) do update set projection = excluded.projection
     returning active_version`,
    [projection],
  );
  return rows[0]?.active_version ?? null;
}

/** Reads the version behind the stable view, without a lock; null: none. */
export async function readActive(pool: Pool, projection: string): Promise<number | null> {
  const { rows } = await pool.query<{ active_version: number | null }>(
    'select active_version from reprise.projections where projection = $1',
    [projection],
  );
  return rows[0]?.active_version ?? null;
}

/** Reads the version that was active before the current one; null: none, or it was retired. */
export async function readPrevious(client: ClientBase, projection: string): Promise<number | null> {
  const { rows } = await client.query<{ previous_version: number | null }>(
    'select previous_version from reprise.projections where projection = $1',
    [projection],
  );
  return rows[0]?.previous_version ?? null;
}

/** Returns the tables of a version as they were compiled, whatever code runs now. */
export function tablesOf({ plan }: StoredVersion): Plan['tables'] {
  return (plan as Pick<Plan, 'tables'>).tables;
}

/** Returns the topics that a version reads, as it was compiled. */
export function storedTopicsOf({ plan }: StoredVersion): readonly string[] {
  return topicsOf(plan as Pick<Plan, 'sources'>);
}

/**
 * Inserts a version of a projection. Must run under `lockProjection`.
 * @throws TypeError for a state in which no version starts
 */
export async function insertVersion(
  client: ClientBase,
  plan: Plan,
  state: VersionState,
): Promise<void> {
  if (!STATES_BEFORE[state].includes(null)) throw new TypeError(`No version starts as ${state}.`);
  await client.query(
    `insert into reprise.projection_versions (projection, version, fingerprint, plan, state)
     values ($1, $2, $3, $4, $5)`,
    [plan.name, plan.version, plan.fingerprint, planJson(plan), state],
  );
}

/**
 * Moves a version to another state.
 * @throws TypeError if `STATES_BEFORE` does not allow the move, or the version does not exist
 */
export async function setVersionState(
  client: ClientBase,
  { projection, version }: VersionKey,
  state: VersionState,
): Promise<void> {
  const { rowCount } = await client.query(
    `update reprise.projection_versions set state = $3
     where projection = $1 and version = $2 and state = any($4)`,
    [projection, version, state, STATES_BEFORE[state]],
  );
  if (rowCount === 0) await refuseMove(client, { projection, version }, state);
}

/**
 * Moves a version to `building`, and records its builder and its end time. Must run under
 * `lockProjection`. @throws TypeError as `setVersionState`
 */
export async function setBuilder(
  client: ClientBase,
  { projection, version }: VersionKey,
  { builder, asOf }: { readonly builder: string; readonly asOf: Date | null },
): Promise<void> {
  await setVersionState(client, { projection, version }, 'building');
  await client.query(
    `update reprise.projection_versions set builder = $3, as_of = $4
     where projection = $1 and version = $2`,
    [projection, version, builder, asOf],
  );
}

async function refuseMove(
  client: ClientBase,
  { projection, version }: VersionKey,
  state: VersionState,
): Promise<never> {
  const stored = await readVersion(client, projection, version);
  const is = stored === undefined ? 'it does not exist' : `it is ${stored.state}`;
  throw new TypeError(`${projection} version ${version} cannot become ${state}: ${is}.`);
}

/**
 * Sets the active version of a projection. Must run under `lockProjection`, in the transaction that
 * swaps the views.
 */
export async function setActiveVersion(
  client: ClientBase,
  target: {
    readonly projection: string;
    readonly version: number;
    /** The version that was active before, to which a rollback returns. */
    readonly previous: number | null;
  },
): Promise<void> {
  await client.query(
    'update reprise.projections set active_version = $2, previous_version = $3 where projection = $1',
    [target.projection, target.version, target.previous],
  );
}

/** Removes the rollback to a version that was retired. */
export async function forgetPrevious(
  client: ClientBase,
  { projection, version }: VersionKey,
): Promise<void> {
  await client.query(
    'update reprise.projections set previous_version = null where projection = $1 and previous_version = $2',
    [projection, version],
  );
}

/** Deletes a projection whose versions were dropped. */
export async function deleteProjection(client: ClientBase, projection: string): Promise<void> {
  await client.query('delete from reprise.projections where projection = $1', [projection]);
}

/** Records that topics of a projection have added partitions: its views merge from now on. */
export async function setPartitionsAdded(client: ClientBase, projection: string): Promise<void> {
  await client.query(
    'update reprise.projections set partitions_grew = true where projection = $1',
    [projection],
  );
}

/**
 * Pauses or resumes a projection. @returns whether it was paused before. @throws UNKNOWN_PROJECTION
 */
export async function setPaused(pool: Pool, projection: string, paused: boolean): Promise<boolean> {
  await assertDatabase(pool);
  const { rows } = await pool.query<{ before: boolean }>(
    `update reprise.projections new set paused = $2 from reprise.projections old
     where new.projection = $1 and old.projection = new.projection returning old.paused as before`,
    [projection, paused],
  );
  if (rows[0] !== undefined) return rows[0].before;
  throw new RepriseError(
    'UNKNOWN_PROJECTION',
    `${projection} has never run on this database; reprise status lists those that have.`,
    { facts: { projection } },
  );
}

/** Checks that a stored version was created from the same shape. @throws VERSION_NOT_RAISED */
export function assertSameShape(plan: Plan, stored: StoredVersion): void {
  const { shape } = stored.plan as { readonly shape?: PlanShape };
  const isComparable = shape?.format === SHAPE_FORMAT;
  if (isComparable && stored.fingerprint === plan.fingerprint) return;
  const happened = isComparable
    ? `${plan.name} is declared differently from what version ${plan.version} was built with:${differencesText(shape, plan.shape)}`
    : `Version ${plan.version} of ${plan.name} was built by another release of reprise, which recorded its shape in another form; it cannot be compared with the declared one.`;
  throw new RepriseError(
    'VERSION_NOT_RAISED',
    `${happened}\nRaise its version to ${plan.version + 1}, then run: reprise rebuild ${plan.name}`,
    { facts: { projection: plan.name, version: plan.version } },
  );
}

function differencesText(stored: PlanShape, declared: PlanShape): string {
  const differences = shapeDifferences(stored, declared);
  const shown = differences.slice(0, DIFFERENCES_SHOWN).map((line) => `\n  ${line}`);
  const more = differences.length - shown.length;
  return `${shown.join('')}${more > 0 ? `\n  and ${more} more` : ''}`;
}
