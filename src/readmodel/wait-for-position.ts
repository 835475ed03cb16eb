import type { Pool } from 'pg';
import { pause } from '../concurrency/pause.ts';
import type { Position } from '../log/event-log.ts';
import { isMissing } from '../postgres/classify.ts';
import type { ErrorCode } from '../reprise-error.ts';
import { RepriseError } from '../reprise-error.ts';

const POLL_MS_MIN = 2;
const POLL_MS_MAX = 25;

/** Options of `waitForPosition`. */
export interface WaitOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** If aborted, rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * How long a task may wait for infrastructure before waiters are rejected: most such pauses end by
 * themselves.
 */
const PAUSE_MS = 1_000;

interface Progress {
  readonly version: number;
  /** The task's next offset in that partition; null: it has not committed anything there yet. */
  readonly nextOffset: bigint | null;
  /** True if paused by `reprise pause`. */
  readonly isPaused: boolean;
  /** State of the task; null: no process has opened it yet. */
  readonly state: 'idle' | 'running' | 'paused' | 'halted' | null;
  readonly error: string | null;
  readonly owner: string | null;
  /** The record's dead letter; null: there is none. */
  readonly setAside: { readonly reason: string; readonly message: string } | null;
  /** True: its task folds it again by itself, or gives it up; null: it has no dead letter. */
  readonly isRetried: boolean | null;
}

/** The awaited position, and the projection's progress. */
interface Waiting {
  readonly projection: string;
  readonly position: Position;
  readonly progress: Progress;
}

/**
 * Resolves once the active version of a read model has committed the record at `position`. Polls
 * Postgres, first every 2 ms, then less and less often up to every 25 ms. Valid for every reader,
 * whichever process folds. Rejects at once if waiting cannot help: the task has halted, the
 * projection is paused, the record became a dead letter, the topic is not read.
 * @throws TIMEOUT, TASK_HALTED, TASK_PAUSED, SET_ASIDE, UNKNOWN_TOPIC, UNKNOWN_PROJECTION,
 * NOT_MIGRATED
 */
export async function waitForPosition(
  pool: Pool,
  projection: string,
  position: Position,
  options: WaitOptions = {},
): Promise<void> {
  const { timeoutMs = 10_000, signal } = options;
  const deadline = performance.now() + timeoutMs;
  let reader: number | null = null;
  let pausedSinceMs: number | null = null;
  for (let pauseMs = POLL_MS_MIN; ; pauseMs = Math.min(pauseMs * 1.5, POLL_MS_MAX)) {
    signal?.throwIfAborted();
    const progress = await readProgress(pool, projection, position);
    const waiting = { projection, position, progress };
    if (isCommitted(waiting)) return;
    if (progress.nextOffset === null && reader !== progress.version) {
      await assertRead(pool, waiting);
      reader = progress.version;
    }
    pausedSinceMs = progress.state === 'paused' ? (pausedSinceMs ?? performance.now()) : null;
    assertMoves(waiting, pausedSinceMs);
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) throw timedOut(waiting, timeoutMs);
    await pause(Math.min(pauseMs, leftMs), signal);
  }
}

/** True if the record is committed. @throws SET_ASIDE if it was committed as a dead letter */
function isCommitted(waiting: Waiting): boolean {
  const { projection, position, progress } = waiting;
  if (progress.nextOffset === null || progress.nextOffset <= position.offset) return false;
  if (progress.setAside === null) return true;
  if (progress.isRetried === true) return false;
  const { reason, message } = progress.setAside;
  throw failure(
    'SET_ASIDE',
    waiting,
    `set ${placeOf(position)} aside, so its rows lack it: ${reason}: ${message} ` +
      `Mend the cause, then run: reprise dlq redrive ${projection} ${placeOf(position)}`,
  );
}

/**
 * Checks that waiting can help. @throws TASK_HALTED, TASK_PAUSED if the task does not resume by
 * itself
 */
function assertMoves(waiting: Waiting, pausedSinceMs: number | null): void {
  const { projection, position, progress } = waiting;
  const reason = progress.error ?? 'no reason given';
  const where = `does not fold ${placeOf(position)}:`;
  if (progress.isPaused) {
    const resume = `it is paused. To let it go on, run: reprise resume ${projection}`;
    throw failure('TASK_PAUSED', waiting, `${where} ${resume}`);
  }
  if (progress.state === 'halted') {
    const resume = `When the cause is mended, run: reprise resume ${projection}`;
    throw failure('TASK_HALTED', waiting, `${where} its task has halted. ${reason} ${resume}`);
  }
  if (pausedSinceMs === null || performance.now() - pausedSinceMs < PAUSE_MS) return;
  throw failure('TASK_PAUSED', waiting, `${where} its task waits and tries again. ${reason}`, true);
}

async function readProgress(pool: Pool, projection: string, position: Position): Promise<Progress> {
  const { rows } = await pool
    .query<
      Omit<Progress, 'version' | 'nextOffset' | 'setAside'> & {
        version: number | null;
        nextOffset: string | null;
        reason: string | null;
        message: string | null;
      }
    >({
      name: 'reprise_wait_for',
      text: `select p.active_version as version, p.paused as "isPaused", c.next_offset as "nextOffset",
  t.state, t.error, t.owner, d.reason, d.message, d.is_retried as "isRetried"
from reprise.projections as p
left join reprise.tasks as t on t.projection = p.projection and t.version = p.active_version
  and t.partition = $3
left join reprise.checkpoints as c on c.projection = p.projection and c.version = p.active_version
  and c.topic = $2 and c.partition = $3
left join reprise.dead_letters as d on d.projection = p.projection and d.version = p.active_version
  and d.topic = $2 and d.partition = $3 and d."offset" = $4
where p.projection = $1`,
      values: [projection, position.topic, position.partition, position.offset.toString()],
    })
    .catch((error: unknown) => {
      if (!isMissing(error)) throw error;
      throw new RepriseError(
        'NOT_MIGRATED',
        `The framework's tables are not in this database, so ${projection} cannot be waited for. Run: reprise migrate, or setUp().`,
        { cause: error },
      );
    });
  const [row] = rows;
  if (row === undefined || row.version === null) {
    throw new RepriseError(
      'UNKNOWN_PROJECTION',
      `${projection} has no active version in this database: it was never run. Add its class to "projections" in reprise.config.ts and start the runner (reprise run), then wait.`,
      { facts: { projection } },
    );
  }
  const { version, nextOffset, reason, message, ...task } = row;
  return {
    ...task,
    version,
    nextOffset: nextOffset === null ? null : BigInt(nextOffset),
    setAside: reason === null ? null : { reason, message: message ?? '' },
  };
}

/** Checks that the active version, by its stored plan, reads the topic. @throws UNKNOWN_TOPIC */
async function assertRead(pool: Pool, waiting: Waiting): Promise<void> {
  const { rows } = await pool.query<{ topic: string }>(
    `select distinct source->'event'->>'topic' as topic
     from reprise.projection_versions, jsonb_array_elements(plan->'sources') as source
     where projection = $1 and version = $2 order by topic`,
    [waiting.projection, waiting.progress.version],
  );
  const topics = rows.map(({ topic }) => topic);
  const { topic } = waiting.position;
  if (topics.length === 0 || topics.includes(topic)) return;
  throw failure(
    'UNKNOWN_TOPIC',
    waiting,
    `does not read ${topic}; it reads ${topics.join(', ')}. Wait for the position of an event of those.`,
  );
}

function timedOut(waiting: Waiting, timeoutMs: number): RepriseError {
  const { position, progress } = waiting;
  const stands =
    progress.nextOffset === null
      ? `has not committed anything of ${position.topic}[${position.partition}] yet`
      : `stands at ${placeOf({ ...position, offset: progress.nextOffset })}`;
  const owned =
    progress.owner === null ? 'No instance runs its task; start one: reprise run. ' : '';
  return failure(
    'TIMEOUT',
    waiting,
    `has not folded ${placeOf(position)} within ${timeoutMs} ms: it ${stands}. ${owned}` +
      'See what its task does with: reprise status. Wait longer with timeoutMs if it is only behind.',
    true,
  );
}

function failure(
  code: ErrorCode,
  { projection, position, progress: { version } }: Waiting,
  what: string,
  retriable = false,
): RepriseError {
  const { topic, partition, offset } = position;
  return new RepriseError(code, `${projection} v${version} ${what}`, {
    retriable,
    facts: { projection, version, topic, partition, offset },
  });
}

function placeOf({ topic, partition, offset }: Position): string {
  return `${topic}[${partition}]@${offset}`;
}
