import type { Pool } from 'pg';
import type { Position } from '../log/event-log.ts';
import { RepriseError } from '../reprise-error.ts';

const POLL_MS_MIN = 2;
const POLL_MS_MAX = 25;

/** How long to wait, and who may end the waiting. */
export interface WaitOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** Aborted: rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

interface Standing {
  readonly version: number;
  /** Null: the task has not committed anything of that partition yet. */
  readonly nextOffset: bigint | null;
}

/**
 * Resolves once the active version of a read model has committed the record at `position`: asks Postgres, at first every 2 ms, then ever less often down to
 * every 25 ms. True for every reader, whichever process folds. @throws TIMEOUT, UNKNOWN_PROJECTION, NOT_MIGRATED
 */
export async function waitForPosition(
  pool: Pool,
  projection: string,
  position: Position,
  options: WaitOptions = {},
): Promise<void> {
  const { timeoutMs = 10_000, signal } = options;
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = POLL_MS_MIN; ; pauseMs = Math.min(pauseMs * 1.5, POLL_MS_MAX)) {
    signal?.throwIfAborted();
    const standing = await readStanding(pool, projection, position);
    if (standing.nextOffset !== null && standing.nextOffset > position.offset) return;
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) throw timedOut({ projection, position, standing, timeoutMs });
    await pause(Math.min(pauseMs, leftMs), signal);
  }
}

async function readStanding(pool: Pool, projection: string, position: Position): Promise<Standing> {
  const { rows } = await pool
    .query<{ version: number | null; next_offset: string | null }>({
      name: 'reprise_wait_for',
      text: `select p.active_version as version, c.next_offset
from reprise.projections as p
left join reprise.checkpoints as c on c.projection = p.projection and c.version = p.active_version
  and c.topic = $2 and c.partition = $3
where p.projection = $1`,
      values: [projection, position.topic, position.partition],
    })
    .catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== '42P01') throw error;
      throw new RepriseError(
        'NOT_MIGRATED',
        `The framework's tables are not in this database, so ${projection} cannot be waited for. Run: reprise migrate, or setUp().`,
        { cause: error },
      );
    });
  const version = rows[0]?.version ?? null;
  if (version === null) {
    throw new RepriseError(
      'UNKNOWN_PROJECTION',
      `${projection} has no active version in this database: it was never run. Add its class to "projections" in reprise.config.ts and start the runner (reprise run), then wait.`,
      { facts: { projection } },
    );
  }
  const nextOffset = rows[0]?.next_offset ?? null;
  return { version, nextOffset: nextOffset === null ? null : BigInt(nextOffset) };
}

function timedOut(what: {
  readonly projection: string;
  readonly position: Position;
  readonly standing: Standing;
  readonly timeoutMs: number;
}): RepriseError {
  const { projection, position, standing, timeoutMs } = what;
  const { topic, partition, offset } = position;
  const stands =
    standing.nextOffset === null
      ? `has not committed anything of ${topic}[${partition}] yet`
      : `stands at ${topic}[${partition}]@${standing.nextOffset}`;
  return new RepriseError(
    'TIMEOUT',
    `${projection} v${standing.version} has not folded ${topic}[${partition}]@${offset} within ${timeoutMs} ms: it ${stands}. ` +
      'See what its task does with: reprise status. Wait longer with timeoutMs if it is only behind.',
    {
      retriable: true,
      facts: { projection, version: standing.version, topic, partition, offset },
    },
  );
}

/** Resolves after `ms`, or at once when the signal is aborted; the caller looks at it. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
