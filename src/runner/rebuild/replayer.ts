import { runTaskGroup } from '../../concurrency/run-task-group.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { shareRows } from '../session/share-rows.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import type { TaskKey } from '../store/task-key.ts';
import { FoldMutex } from './fold-mutex.ts';
import type { ReplayOptions } from './replay-task.ts';
import { replayTask } from './replay-task.ts';
import { shareReads } from './share-reads.ts';

/**
 * One partition to replay: for which projections, up to where, and with how much memory. Plain
 * data, so that it can be sent to another thread.
 */
export interface ReplayOrder
  extends Pick<ReplayOptions, 'untilOffsets' | 'untilTimestampMs' | 'acceptDataLoss'> {
  readonly keys: readonly TaskKey[];
  /** Rows that all keys together may hold in memory. */
  readonly rowsMax: number;
}

/** Callbacks of an order in progress. */
export interface ReplayHooks {
  readonly signal: AbortSignal;
  readonly onRecords: (projection: string, records: number) => void;
}

/** Replays partitions of a version that is being built, in this thread or a worker thread. */
export interface Replayer {
  /**
   * Resolves to true once it accepts orders, to false if it never will and the rebuild continues
   * without it. @throws if the rebuild must not continue without it
   */
  readonly joins: Promise<boolean>;
  /**
   * Resolves when the partition is committed up to the end of the order. @throws what `replayTask`
   * throws; WORKER_FAILED; the signal's reason when aborted
   */
  replay(order: ReplayOrder, hooks: ReplayHooks): Promise<void>;
  /** Call when no order is in progress. */
  close(): Promise<void>;
}

/** A rebuild that looks for further replayers. */
export interface RebuildWork {
  readonly plans: readonly Plan[];
  /** Owner of the tasks. All replayers take the tasks under this name. */
  readonly builder: string;
  readonly partitions: number;
  /** Records still to be replayed, over all projections. */
  readonly records: number;
}

/** Finds further replayers for a rebuild, besides the calling thread. */
export type FindReplayers = (work: RebuildWork) => Promise<readonly Replayer[]>;

/** Creates the replayer of this thread. The projections of an order share their fetches. */
export function replayerHere(settings: RunnerSettings, plans: readonly Plan[]): Replayer {
  const slots = new Map(plans.map((plan) => [plan.name, { plan, mutex: new FoldMutex() }]));
  return {
    joins: Promise.resolve(true),
    async replay({ keys, rowsMax, ...order }, { signal, onRecords }) {
      const shares = shareRows(rowsMax, keys.length);
      const readers = shareReads(settings.log, keys.length);
      const works = readers.map(({ read, leave }, i) => (either: AbortSignal) => {
        const key = keys[i] as TaskKey;
        return replayTask(settings, key, {
          ...(slots.get(key.projection) as { plan: Plan; mutex: FoldMutex }),
          ...order,
          read,
          rows: shares[i],
          signal: either,
          onRecords: (records) => onRecords(key.projection, records),
        }).finally(leave);
      });
      await runTaskGroup(signal, works);
    },
    close: async () => undefined,
  };
}
