import type { ClientBase, Pool } from 'pg';
import { IS_UNOWNED } from '../ownership/instance-store.ts';

/**
 * Up to which time everything that projections of this database publish on a topic is in the log: what they publish later, or have in the outbox, is of this time or later. Infinity: there is
 * nothing, and none comes until a record does. Null: no projection of this database publishes there.
 *
 * Each task says with every flush what it may still publish (`publishes_from_ms`). One that found the end of its log and waits for nothing says infinity; that counts only while somebody
 * runs it, who would take the word back. Events in the outbox that are refused for what they are, and those of their keys behind them, hold nothing up: they will be late.
 *
 * Must be asked before the log is looked at for what it covers.
 * @param sending ids that are about to be sent: of the others, those without a number count. Null: none is, and every event that is still in the outbox counts
 */
export async function readPublishedUpTo(
  client: ClientBase | Pool,
  topic: string,
  sending: readonly string[] | null = null,
): Promise<number | null> {
  const { rows } = await client.query<{ tasks: string; up_to: number | null }>(
    `with publishers as (
       select v.projection, v.version from reprise.projection_versions v
       join reprise.projections p on p.projection = v.projection
       where v.plan -> 'emissions' @> jsonb_build_array(jsonb_build_object('event', jsonb_build_object('topic', $1::text)))
         and (v.version = p.active_version or (p.active_version is null and v.as_of is null)))
     select count(*) as tasks, min(case
         when t.publishes_from_ms is null then '-Infinity'
         when t.publishes_from_ms = 'Infinity' and ${IS_UNOWNED} then coalesce(t.watermark_ms, '-Infinity')
         else t.publishes_from_ms end) as up_to
     from publishers left join reprise.tasks t using (projection, version)`,
    [topic],
  );
  const [row] = rows;
  if (row === undefined || row.tasks === '0') return null;
  return Math.min(
    row.up_to ?? Number.NEGATIVE_INFINITY,
    await readEarliestQueued(client, topic, sending),
  );
}

/** The time of the earliest event of a topic that is still to be sent and not refused, nor behind one that is; infinity: there is none. */
async function readEarliestQueued(
  client: ClientBase | Pool,
  topic: string,
  sending: readonly string[] | null,
): Promise<number> {
  const others =
    sending === null ? '' : 'and o.sequence is null and not (o.id = any($2::bigint[]))';
  const { rows } = await client.query<{ at: number }>(
    `select o.record_timestamp_ms as at from reprise.outbox o
     where o.topic = $1 and not o.held and not o.refused ${others}
       and not exists (select from reprise.outbox f where f.topic = $1 and f.error is not null and f.refused and f.key = o.key and f.id < o.id)
     order by o.record_timestamp_ms limit 1`,
    sending === null ? [topic] : [topic, sending],
  );
  return rows[0]?.at ?? Number.POSITIVE_INFINITY;
}
