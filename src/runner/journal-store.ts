import type { ClientBase, Pool } from 'pg';
import type { JournaledTick } from '../reprise.ts';
import type { TaskKey } from './checkpoint.ts';
import type { JournalEntry } from './journal.ts';

/** The journal of a task, in the order in which its points are passed. */
export async function readJournal(
  client: ClientBase,
  task: TaskKey,
): Promise<readonly JournalEntry[]> {
  const { rows } = await client.query<{
    kind: JournalEntry['kind'];
    next_offsets: Record<string, string>;
    quiet_ms: string | null;
  }>(
    `select kind, next_offsets, quiet_ms from reprise.journal
     where projection = $1 and version = $2 and partition = $3 order by seq`,
    [task.projection, task.version, task.partition],
  );
  return rows.map((row) => ({
    kind: row.kind,
    nextOffsets: offsetsOf(row.next_offsets),
    quietMs: row.quiet_ms === null ? null : Number(row.quiet_ms),
  }));
}

/** The ticks of a projection's active version, in the order in which each partition passes them. */
export async function readTicks(pool: Pool, projection: string): Promise<readonly JournaledTick[]> {
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
    quietMs: Number(quiet_ms),
  }));
}

/** Writes decisions, in the transaction of the flush they belong to. A longer silence at the same offsets takes the place of a shorter one. */
export async function writeJournal(
  client: ClientBase,
  task: TaskKey,
  entries: readonly JournalEntry[],
): Promise<void> {
  for (const { kind, nextOffsets, quietMs } of entries) {
    await client.query(
      `insert into reprise.journal as j (projection, version, partition, kind, next_offsets, quiet_ms)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (projection, version, partition, kind, next_offsets)
       do update set quiet_ms = greatest(j.quiet_ms, excluded.quiet_ms)`,
      [task.projection, task.version, task.partition, kind, offsetsJson(nextOffsets), quietMs],
    );
  }
}

/** Gives a new version the journal of the active one, so that its replay decides as the live run did. */
export async function copyJournal(
  client: ClientBase,
  target: {
    readonly projection: string;
    readonly fromVersion: number;
    readonly toVersion: number;
  },
): Promise<void> {
  await client.query(
    `insert into reprise.journal (projection, version, partition, kind, next_offsets, quiet_ms)
     select projection, $3, partition, kind, next_offsets, quiet_ms from reprise.journal
     where projection = $1 and version = $2 order by seq
     on conflict do nothing`,
    [target.projection, target.fromVersion, target.toVersion],
  );
}

/** Offsets by topic as JSON; offsets as text, since they may be beyond 2^53. */
export function offsetsJson(offsets: ReadonlyMap<string, bigint>): string {
  return JSON.stringify(
    Object.fromEntries([...offsets].map(([topic, offset]) => [topic, offset.toString()])),
  );
}

function offsetsOf(json: Record<string, string>): ReadonlyMap<string, bigint> {
  return new Map(Object.entries(json).map(([topic, offset]) => [topic, BigInt(offset)]));
}
