import type { ClientBase } from 'pg';
import { FENCE_UNHALTED } from './task-store.ts';

/**
 * Returns SQL of what a version has covered, as common table expressions: `covered_until`
 * (partition, until_ms), `covered_before` (partition, topic, topic_id, next_offset) and `set_aside`
 * (partition, topic, "offset"). Parameters: $1 projection, $2 version, $3 partition (null: all). A
 * record is covered if it lies before the offset and was not set aside. A point of event time is
 * covered if the watermark has reached it (ADR 0037).
 *
 * `committed`: what the version has covered by its own commits, and the versions it replaced
 * before; `replaced`: only the versions it replaced.
 */
export function coverageSql(whose: 'committed' | 'replaced'): string {
  return whose === 'committed' ? COMMITTED : REPLACED;
}

/** Condition for a version, and for one partition or all. */
const OF = (alias: string) =>
  `${alias}.projection = $1 and ${alias}.version = $2 and ($3::int is null or ${alias}.partition = $3)`;

const REPLACED = `
  covered_until as (select partition, until_ms from reprise.covered_time t where ${OF('t')}),
  covered_before as (
    select partition, topic, topic_id, next_offset from reprise.covered_offsets o where ${OF('o')}),
  set_aside as (select partition, topic, "offset" from reprise.uncovered_records u where ${OF('u')})`;

/**
 * A record that the version set aside is covered if the versions it replaced had folded it. A topic
 * that it does not read counts as those versions left it.
 */
const COMMITTED = `
  covered_until as (
    select partition, max(ms) as until_ms from (
      select partition, watermark_ms as ms from reprise.tasks t where ${OF('t')}
      union all
      select partition, until_ms from reprise.covered_time r where ${OF('r')}) as reached
    group by partition),
  own_offsets as (
    select partition, topic, topic_id, next_offset from reprise.checkpoints c where ${OF('c')}),
  before as (
    select partition, topic, topic_id, next_offset from reprise.covered_offsets o where ${OF('o')}),
  aside_before as (
    select partition, topic, "offset" from reprise.uncovered_records u where ${OF('u')}),
  covered_before as (
    select * from own_offsets
    union all
    select * from before where (partition, topic) not in (select partition, topic from own_offsets)),
  own_aside as (
    select partition, topic, "offset" from reprise.dead_letters d where ${OF('d')}
    union
    select partition, record->>'topic', (record->>'offset')::bigint from reprise.journal j
    where ${OF('j')} and kind = 'discard' and record is not null),
  set_aside as (
    select * from own_aside a
    where (partition, topic, "offset") in (select * from aside_before)
      or not exists (
        select from before b join own_offsets o using (partition, topic, topic_id)
        where b.partition = a.partition and b.topic = a.topic and a."offset" < b.next_offset)
    union
    select * from aside_before
    where (partition, topic) not in (select partition, topic from own_offsets))`;

/**
 * Returns an SQL condition: the whole cause of an emission of a version is covered. Needs the
 * expressions of `coverageSql`.
 * @param of the alias that has `partition`, `cause_records` and `due_ms`, and the parameter that
 * holds the emission's version
 */
export function isCoveredSql(of: {
  readonly alias: string;
  readonly records: string;
  readonly version: string;
}): string {
  const { alias, records, version } = of;
  return `(${alias}.due_ms is null or exists (
      select from covered_until u where u.partition = ${alias}.partition and u.until_ms >= ${alias}.due_ms))
    and not exists (
      select from jsonb_to_recordset(${records}) as r (topic text, "offset" bigint)
      where (${alias}.partition, r.topic, r."offset") in (select * from set_aside)
        or not exists (
          select from covered_before o
          join reprise.checkpoints mine on mine.projection = $1 and mine.version = ${version}
            and mine.partition = o.partition and mine.topic = o.topic and mine.topic_id = o.topic_id
          where o.partition = ${alias}.partition and o.topic = r.topic and r."offset" < o.next_offset))`;
}

/**
 * Stores what the replaced version has covered for the version that replaces it, in the transaction
 * of the switch; that version continues from there. If the tail of a topic was lost, no more is
 * stored than the new version has read: other records are at those offsets now.
 */
export async function takeOverCoverage(
  client: ClientBase,
  target: { readonly projection: string; readonly from: number; readonly to: number },
): Promise<void> {
  const { projection, from, to } = target;
  for (const table of COVERAGE) {
    await client.query(`delete from reprise.${table} where projection = $1 and version = $2`, [
      projection,
      to,
    ]);
  }
  await client.query(
    `with ${COMMITTED},
     passed as (
       select partition, max(ms) as passed_ms from (
         select partition, watermark_ms + ${latenessSql('$2')} as ms from reprise.tasks t where ${OF('t')}
         union all
         select partition, passed_ms from reprise.covered_time r where ${OF('r')}) as seen
       group by partition),
     time as (
       insert into reprise.covered_time (projection, version, partition, until_ms, passed_ms)
       select $1, $4, partition, until_ms, passed_ms from covered_until join passed using (partition)),
     offsets as (
       insert into reprise.covered_offsets (projection, version, partition, topic, topic_id, next_offset)
       select $1, $4, o.partition, o.topic, o.topic_id,
         case when mine.topic_id = o.topic_id then least(o.next_offset, mine.next_offset) else o.next_offset end
       from covered_before o
       left join reprise.checkpoints mine on mine.projection = $1 and mine.version = $4
         and mine.partition = o.partition and mine.topic = o.topic)
     insert into reprise.uncovered_records (projection, version, partition, topic, "offset")
     select $1, $4, partition, topic, "offset" from set_aside`,
    [projection, from, null, to],
  );
  await client.query(
    `update reprise.tasks t set ${FENCE_UNHALTED}
     from reprise.covered_time c
     where t.projection = $1 and t.version = $2 and c.projection = $1 and c.version = $2 and c.partition = t.partition
       and c.passed_ms > t.watermark_ms + ${latenessSql('$2')}`,
    [projection, to],
  );
}

/**
 * Moves the coverage to a topic of another log, in which every record has its old offset. Must run
 * in a transaction.
 */
export async function moveCoverage(
  client: ClientBase,
  moved: { readonly topic: string; readonly fromId: string; readonly toId: string },
): Promise<void> {
  await client.query(
    'update reprise.covered_offsets set topic_id = $3 where topic = $1 and topic_id = $2',
    [moved.topic, moved.fromId, moved.toId],
  );
}

/** Tables of what a version took over. */
const COVERAGE = ['covered_time', 'covered_offsets', 'uncovered_records'] as const;

/**
 * Returns SQL of the lateness of a version: by how much its watermark stays behind the largest
 * event time.
 */
function latenessSql(version: string): string {
  return `(select coalesce((plan->>'latenessMs')::double precision, 0) from reprise.projection_versions
    where projection = $1 and version = ${version})`;
}
