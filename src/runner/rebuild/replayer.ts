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
 * One partition to replay, for which projections, how far, and with how much memory. Plain data: it
 * may go to another thread.
 */
export interface ReplayOrder
  extends Pick<ReplayOptions, 'untilOffsets' | 'untilTimestampMs' | 'acceptDataLoss'> {
  readonly keys: readonly TaskKey[];
  /** Rows that all of them together may hold in memory. */
  readonly rowsMax: number;
}

/** What is told of an order under way. */
export interface ReplayHooks {
  readonly signal: AbortSignal;
  readonly onRecords: (projection: string, records: number) => void;
}

/** Replays partitions of a version that is being built: this thread, or a worker thread. */
export interface Replayer {
  /**
   * Resolves to true once it takes orders; to false when it never will and the others do without
   * it. @throws when the rebuild must not go on without it
   */
  readonly joins: Promise<boolean>;
  /**
   * Resolves when the partition is committed up to where the order says. @throws what `replayTask`
   * throws; WORKER_FAILED; the signal's reason when aborted
   */
  replay(order: ReplayOrder, hooks: ReplayHooks): Promise<void>;
  /** Call once no order is under way. */
  close(): Promise<void>;
}

/** A rebuild that looks for further replayers. */
export interface RebuildWork {
  readonly plans: readonly Plan[];
  /** Owner of the tasks, under which every replayer takes them. */
  readonly builder: string;
  readonly partitions: number;
  /** Still to be replayed, over all projections. */
  readonly records: number;
}

/** Finds others who replay partitions of a rebuild, besides the thread that it runs in. */
export type FindReplayers = (work: RebuildWork) => Promise<readonly Replayer[]>;

/** Replays in this thread; the projections of an order fetch together. */
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
