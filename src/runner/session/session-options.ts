import type { Backoff } from '../../concurrency/backoff.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import type { Recovery } from '../recovery/recovery.ts';
import type { OwnedTask, TopicCheckpoint } from '../store/task-key.ts';
import type { WriteRows } from './flush.ts';
import type { RowShare } from './share-rows.ts';

/** Options of a session: how it folds and writes. */
export interface SessionOptions {
  readonly plan: Plan;
  readonly mode: 'live' | 'partial';
  readonly write: WriteRows;
  /** Writes rows that the table does not hold yet. Default: `write` does. */
  readonly append?: WriteRows;
  readonly backoff: Backoff;
  /**
   * Called when Postgres or the registry becomes unavailable (the reason) and when it is available
   * again (null).
   */
  readonly onPause: (reason: Error | null) => void;
  /**
   * What the task has learned from its failures; kept when the session ends. Default: a new
   * recovery, with the live error policy.
   */
  readonly recovery?: Recovery;
  /**
   * Decides when rows in memory make a flush due, in addition to the recovery's batch size.
   * Default: never.
   */
  readonly rows?: RowShare;
  /**
   * Dead letters of the run that this session repeats, as `recordId` names them. Its journal names
   * the discarded and redriven ones. Default: nothing is repeated.
   */
  readonly repeats?: Iterable<string>;
  /** Take the task only if no live instance owns it. Default false: take it from its owner. */
  readonly onlyUnowned?: boolean;
  /**
   * The owner's clock, for the drift guard and processing time; null in a rebuild. Default null.
   */
  readonly nowMs?: (() => number) | null;
  /**
   * Accept topics whose first records are gone: start at the first offset that still exists.
   * Default false: DATA_LOSS.
   */
  readonly acceptDataLoss?: boolean;
}

/** An acquired and validated task, with the stable end of each of its topics at that time. */
export interface OpenedTask {
  readonly task: OwnedTask;
  readonly checkpoints: ReadonlyMap<string, TopicCheckpoint>;
  readonly endOffsets: ReadonlyMap<string, bigint>;
}
