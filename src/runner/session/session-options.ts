import type { Backoff } from '../../concurrency/backoff.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { Recovery } from '../recovery/recovery.ts';
import type { OwnedTask, TopicCheckpoint } from '../store/task-key.ts';
import type { WriteRows } from './flush.ts';
import type { RowShare } from './share-rows.ts';

/** How a session folds and writes. */
export interface SessionOptions {
  readonly plan: Plan;
  readonly mode: 'live' | 'partial';
  readonly write: WriteRows;
  readonly backoff: Backoff;
  /** Told when Postgres or the registry is away (with why) and when it is back (null). */
  readonly onPause: (reason: Error | null) => void;
  /**
   * What the task learned from its failures so far: outlives the session. Default: nothing yet, by
   * the policy for following the log.
   */
  readonly recovery?: Recovery;
  /**
   * Says when rows in memory make a flush due, besides the recovery's batch size. Default: never.
   */
  readonly rows?: RowShare;
  /**
   * Dead letters of the run that this one repeats, as `recordId` names them; with what its journal
   * says of others. Default: it repeats none.
   */
  readonly repeats?: Iterable<string>;
  /** Take the task only where no live instance owns it. Default false: take it from its owner. */
  readonly onlyUnowned?: boolean;
  /**
   * The owner's clock, for the drift guard and processing time; null in a rebuild. Default null.
   */
  readonly nowMs?: (() => number) | null;
  /**
   * Accept topics whose first records are gone: start at the first offset still there. Default
   * false: DATA_LOSS.
   */
  readonly acceptDataLoss?: boolean;
}

/**
 * A task as it is opened: acquired, validated, with the stable end of each of its topics at that
 * time.
 */
export interface OpenedTask {
  readonly task: OwnedTask;
  readonly checkpoints: ReadonlyMap<string, TopicCheckpoint>;
  readonly endOffsets: ReadonlyMap<string, bigint>;
}
