import type { Pool } from 'pg';
import type { EventLog } from '../../log/event-log.ts';
import { IS_UNOWNED } from '../ownership/instance-store.ts';
import type { RunnerSettings } from '../settings.ts';

/** A task that said that it publishes nothing until a record comes. */
interface SilentTask {
  readonly partition: number;
  readonly watermarkMs: number | null;
  /** Where it stands, by topic; null: it has read nothing there. */
  readonly offsets: Readonly<Record<string, string | null>>;
}

/**
 * Up to which time everything that projections of this database publish on a topic is in the log: what they publish later, or have in the outbox, is of this time or later. Infinity: there is
 * nothing, and none comes until a record does. Null: no projection of this database publishes there.
 *
 * Each task says with every flush what it may still publish (`publishes_from_ms`). One that found the end of its log and waits for nothing says infinity; that counts only while somebody
 * runs it, who would take the word back, and while its log holds nothing that it has not committed: until then it has what its watermark says. Events in the outbox that are refused for what
 * they are, and those of their keys behind them, hold nothing up: they will be late.
 *
 * Must be asked before the log is looked at for what it covers.
 * @param sending ids that are about to be sent: of the others, those without a number count. Null: none is, and every event that is still in the outbox counts
 */
export async function readPublishedUpTo(
  { pool, log }: Pick<RunnerSettings, 'pool' | 'log'>,
  topic: string,
  sending: readonly string[] | null = null,
): Promise<number | null> {
  const { rows } = await pool.query<{ tasks: string; up_to: number | null; silent: SilentTask[] }>(
    `with publishers as (
       select v.projection, v.version, v.plan from reprise.projection_versions v
       join reprise.projections p on p.projection = v.projection
       where v.plan -> 'emissions' @> jsonb_build_array(jsonb_build_object('event', jsonb_build_object('topic', $1::text)))
         and (v.version = p.active_version or (p.active_version is null and v.as_of is null))),
     told as (
       select projection, version, t.partition, t.watermark_ms, plan,
         t.publishes_from_ms = 'Infinity' and not ${IS_UNOWNED} as is_silent,
         case when t.publishes_from_ms = 'Infinity' then t.watermark_ms else t.publishes_from_ms end as from_ms
       from publishers left join reprise.tasks t using (projection, version))
     select count(*) as tasks, min(case when is_silent then 'Infinity' else coalesce(from_ms, '-Infinity') end) as up_to,
       coalesce(jsonb_agg(jsonb_build_object('partition', partition, 'watermarkMs', watermark_ms, 'offsets', (
         select jsonb_object_agg(s -> 'event' ->> 'topic', (
           select c.next_offset::text from reprise.checkpoints c
           where (c.projection, c.version, c.partition, c.topic) = (told.projection, told.version, told.partition, s -> 'event' ->> 'topic')))
         from jsonb_array_elements(plan -> 'sources') s))) filter (where is_silent), '[]') as silent
     from told`,
    [topic],
  );
  const [row] = rows;
  if (row === undefined || row.tasks === '0') return null;
  return Math.min(
    row.up_to ?? Number.NEGATIVE_INFINITY,
    await readEarliestQueued(pool, topic, sending),
    await readEarliestBehind(log, row.silent),
  );
}

/** The earliest watermark of silent tasks that have not committed everything in their log, or of all where the log cannot say now; infinity: none is behind. */
async function readEarliestBehind(log: EventLog, silent: readonly SilentTask[]): Promise<number> {
  const topics = [...new Set(silent.flatMap(({ offsets }) => Object.keys(offsets)))];
  if (topics.length === 0) return Number.POSITIVE_INFINITY;
  const described = await log.describe(topics).catch(() => null);
  const isBehind = ({ partition, offsets }: SilentTask) =>
    Object.entries(offsets).some(([topic, nextOffset]) => {
      const found = described?.get(topic)?.partitions[partition];
      return found === undefined || found.stableEndOffset > BigInt(nextOffset ?? found.startOffset);
    });
  return Math.min(
    ...silent.filter(isBehind).map(({ watermarkMs }) => watermarkMs ?? Number.NEGATIVE_INFINITY),
  );
}

/** The time of the earliest event of a topic that is still to be sent and not refused, nor behind one that is; infinity: there is none. */
async function readEarliestQueued(
  pool: Pool,
  topic: string,
  sending: readonly string[] | null,
): Promise<number> {
  const others =
    sending === null ? '' : 'and o.sequence is null and not (o.id = any($2::bigint[]))';
  const { rows } = await pool.query<{ at: number }>(
    `select o.record_timestamp_ms as at from reprise.outbox o
     where o.topic = $1 and not o.held and not o.refused ${others}
       and not exists (select from reprise.outbox f where f.topic = $1 and f.error is not null and f.refused and f.key = o.key and f.id < o.id)
     order by o.record_timestamp_ms limit 1`,
    sending === null ? [topic] : [topic, sending],
  );
  return rows[0]?.at ?? Number.POSITIVE_INFINITY;
}
