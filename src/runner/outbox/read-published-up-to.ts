import type { Pool } from 'pg';
import type { TopicDescription } from '../../log/event-log.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { IS_UNOWNED } from '../store/instance-store.ts';

/** A task of a projection that publishes, or a projection that has none yet. */
interface PublishingTask {
  readonly version: string;
  readonly partition: number | null;
  /** What it publishes later is of this time or later; null: nobody knows. */
  readonly from_ms: number | null;
  /** It said that it publishes nothing until a record comes, and somebody runs it. */
  readonly is_silent: boolean | null;
  /** Where it stands, by topic; null: it has read nothing there. */
  readonly offsets: Readonly<Record<string, string | null>>;
}

type Topics = ReadonlyMap<string, TopicDescription>;

/**
 * Up to which time everything that projections of this database publish on a topic is in the log:
 * what they publish later, or have in the outbox, is of this time or later. Infinity: there is
 * nothing, and none comes until a record does. Null: no projection of this database publishes
 * there.
 *
 * Each task says with every flush what it may still publish (`publishes_from_ms`). One that found
 * the end of its log and waits for nothing says infinity; that counts only while somebody runs it,
 * who would take the word back, and while its log holds nothing that it has not committed: until
 * then it has what its watermark says. A partition that holds records and has no task yet may
 * publish anything, and so may all when the log does not answer. Events in the outbox that are
 * refused for what they are, and those of their keys behind them, hold nothing up: they will be
 * late.
 *
 * Must be asked before the log is looked at for what it covers.
 * @param sending ids that are about to be sent: of the others, those without a number count. Null:
 * none is, and every event that is still in the outbox counts
 */
export async function readPublishedUpTo(
  { pool, log }: Pick<RunnerSettings, 'pool' | 'log'>,
  topic: string,
  sending: readonly string[] | null = null,
): Promise<number | null> {
  const { rows: tasks } = await pool.query<PublishingTask>(
    `with publishers as (
       select v.projection, v.version, v.plan from reprise.projection_versions v
       join reprise.projections p on p.projection = v.projection
       where v.plan -> 'emissions' @> jsonb_build_array(jsonb_build_object('event', jsonb_build_object('topic', $1::text)))
         and (v.version = p.active_version or (p.active_version is null and v.as_of is null)))
     select concat_ws('/', p.projection, p.version) as version, t.partition,
       case when t.publishes_from_ms = 'Infinity' then t.watermark_ms else t.publishes_from_ms end as from_ms,
       t.publishes_from_ms = 'Infinity' and not ${IS_UNOWNED} as is_silent,
       (select jsonb_object_agg(s -> 'event' ->> 'topic', (
          select c.next_offset::text from reprise.checkpoints c
          where (c.projection, c.version, c.partition, c.topic) = (p.projection, p.version, t.partition, s -> 'event' ->> 'topic')))
        from jsonb_array_elements(p.plan -> 'sources') s) as offsets
     from publishers p left join reprise.tasks t on (t.projection, t.version) = (p.projection, p.version)`,
    [topic],
  );
  if (tasks.length === 0) return null;
  const queuedMs = await readEarliestQueued(pool, topic, sending);
  const topics = [...new Set(tasks.flatMap(({ offsets }) => Object.keys(offsets)))];
  const described = await log.describe(topics).catch(() => null);
  return Math.min(queuedMs, described === null ? UNKNOWN : earliestOf(tasks, described));
}

/** Nothing is known of what comes. */
const UNKNOWN = Number.NEGATIVE_INFINITY;

/**
 * What tasks may still publish, the earliest of it; of partitions that hold records and have no
 * task yet nothing is known.
 */
function earliestOf(tasks: readonly PublishingTask[], topics: Topics): number {
  const known = new Set(tasks.map(({ version, partition }) => `${version} ${partition}`));
  const isMissing = ({ version, offsets }: PublishingTask) =>
    Object.keys(offsets).some((topic) =>
      (topics.get(topic)?.partitions ?? []).some(
        ({ partition, startOffset, stableEndOffset }) =>
          stableEndOffset > startOffset && !known.has(`${version} ${partition}`),
      ),
    );
  if (tasks.some(isMissing)) return UNKNOWN;
  const waiting = tasks.filter(
    (task) => task.partition !== null && !(task.is_silent === true && isAtEnd(task, topics)),
  );
  return Math.min(...waiting.map(({ from_ms }) => from_ms ?? UNKNOWN));
}

/** Whether the log holds nothing that a task has not committed. */
function isAtEnd({ partition, offsets }: PublishingTask, topics: Topics): boolean {
  return Object.entries(offsets).every(([topic, nextOffset]) => {
    const found = topics.get(topic)?.partitions[partition ?? -1];
    return found !== undefined && found.stableEndOffset <= BigInt(nextOffset ?? found.startOffset);
  });
}

/**
 * The time of the earliest event of a topic that is still to be sent and not refused, nor behind
 * one that is; infinity: there is none.
 */
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
