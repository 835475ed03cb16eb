import type { ClientBase, Pool } from 'pg';
import type { Plan } from '../../projection/plan/plan.ts';
import type { IdleAdvance } from './idle-advance.ts';
import type { JournalEntry } from './journal-entry.ts';
import type { TaskKey } from './task-key.ts';

/**
 * Reads the journal of a task, in the order in which its points are passed. Leaves out ticks and
 * steps before the stored checkpoints: they are not passed again.
 */
export async function readJournal(
  client: ClientBase,
  task: TaskKey,
): Promise<readonly JournalEntry[]> {
  const { rows } = await client.query<{
    kind: JournalEntry['kind'];
    next_offsets: Record<string, string>;
    quiet_ms: string | null;
    record: { topic: string; offset: string } | null;
  }>(
    `select kind, next_offsets, quiet_ms, record from reprise.journal j
     where projection = $1 and version = $2 and partition = $3
       and (kind not in ('tick', 'step') or not exists (
         select from reprise.checkpoints c
         where (c.projection, c.version, c.partition) = (j.projection, j.version, j.partition)
           and c.next_offset > (j.next_offsets ->> c.topic)::bigint))
     order by seq`,
    [task.projection, task.version, task.partition],
  );
  return rows.map((row) => ({
    kind: row.kind,
    nextOffsets: offsetsOf(row.next_offsets),
    quietMs: row.quiet_ms === null ? null : Number(row.quiet_ms),
    ...(row.record && { record: { topic: row.record.topic, offset: BigInt(row.record.offset) } }),
  }));
}

/**
 * Reads the idle advances (entries `tick`) of a projection's active version, in the order of each
 * partition.
 */
export async function readIdleAdvances(
  pool: Pool,
  projection: string,
): Promise<readonly IdleAdvance[]> {
  const { rows } = await pool.query<{
    partition: number;
    next_offsets: Record<string, string>;
    quiet_ms: string;
  }>(
    `select j.partition, j.next_offsets, j.quiet_ms
     from reprise.journal j join reprise.projections p on p.projection = j.projection and p.active_version = j.version
     where j.projection = $1 and j.kind = 'tick' order by j.partition, j.seq`,
    [projection],
  );
  return rows.map(({ partition, next_offsets, quiet_ms }) => ({
    partition,
    nextOffsets: offsetsOf(next_offsets),
    idleMs: Number(quiet_ms),
  }));
}

/**
 * Writes decisions, in the transaction of their flush. At the same offsets a longer silence
 * replaces a shorter one, unless a dead letter was folded between them.
 */
export async function writeJournal(
  client: ClientBase,
  task: TaskKey,
  entries: readonly JournalEntry[],
): Promise<void> {
  for (const { kind, nextOffsets, quietMs, record } of entries) {
    const recordJson = record
      ? JSON.stringify({ topic: record.topic, offset: record.offset.toString() })
      : null;
    await client.query(
      `insert into reprise.journal as j (projection, version, partition, kind, next_offsets, quiet_ms, record, turn)
       values ($1, $2, $3, $4, $5, $6, $7, (select count(*) from reprise.journal
         where projection = $1 and version = $2 and partition = $3 and kind = 'redrive'))
       on conflict (projection, version, partition, kind, next_offsets, turn, coalesce(record, '{}'))
       do update set quiet_ms = greatest(j.quiet_ms, excluded.quiet_ms)`,
      [
        task.projection,
        task.version,
        task.partition,
        kind,
        offsetsJson(nextOffsets),
        quietMs,
        recordJson,
      ],
    );
  }
}

/**
 * Copies the journal of one version to another, so that its replay decides as the live run did.
 * `all: false`: without redrives and discards, because a version with other code may fold these
 * records at their offsets.
 */
export async function copyJournal(
  client: ClientBase,
  target: {
    readonly projection: string;
    readonly fromVersion: number;
    readonly toVersion: number;
    readonly all: boolean;
  },
): Promise<void> {
  await client.query(
    `insert into reprise.journal (projection, version, partition, kind, next_offsets, quiet_ms, record, turn)
     select projection, $3, partition, kind, next_offsets, quiet_ms, record, turn from reprise.journal
     where projection = $1 and version = $2 and ($4 or kind not in ('redrive', 'discard')) order by seq
     on conflict do nothing`,
    [target.projection, target.fromVersion, target.toVersion, target.all],
  );
}

/** The start offset of a partition. */
export interface LogBeginning {
  readonly topic: string;
  readonly partition: number;
  readonly startOffset: bigint;
}

/**
 * Deletes the decisions of a version at records that the log has deleted, because no replay reads
 * them. Redrives and discards stay.
 */
export async function forgetBefore(
  pool: Pool,
  { name, version }: Pick<Plan, 'name' | 'version'>,
  beginnings: readonly LogBeginning[],
): Promise<void> {
  await pool.query(
    `delete from reprise.journal j
     using unnest($3::text[], $4::int[], $5::bigint[]) as b(topic, partition, start_offset)
     where j.projection = $1 and j.version = $2 and j.kind in ('tick', 'step', 'refusal')
       and j.partition = b.partition and (j.next_offsets ->> b.topic)::bigint < b.start_offset`,
    [
      name,
      version,
      beginnings.map(({ topic }) => topic),
      beginnings.map(({ partition }) => partition),
      beginnings.map(({ startOffset }) => startOffset.toString()),
    ],
  );
}

/** Returns offsets by topic as JSON. Offsets are text, because they may exceed 2^53. */
function offsetsJson(offsets: ReadonlyMap<string, bigint>): string {
  return JSON.stringify(
    Object.fromEntries([...offsets].map(([topic, offset]) => [topic, offset.toString()])),
  );
}

function offsetsOf(json: Record<string, string>): ReadonlyMap<string, bigint> {
  return new Map(Object.entries(json).map(([topic, offset]) => [topic, BigInt(offset)]));
}
