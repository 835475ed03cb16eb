import type { Plan } from '../projection/plan.ts';
import type { TaskKey } from './checkpoint.ts';
import { FoldTurn } from './fold-turn.ts';
import type { ReplayOptions } from './replay-task.ts';
import { replayTask } from './replay-task.ts';
import type { RunnerSettings } from './settings.ts';

/** One partition to replay, how far, and with how much memory. Plain data: it may go to another thread. */
export interface ReplayOrder
  extends Pick<ReplayOptions, 'untilOffsets' | 'untilTimestampMs' | 'fromStartOfLog' | 'rowsMax'> {
  readonly key: TaskKey;
}

/** Whoever replays partitions of a version that is being built: this thread, or another one. */
export interface Replayer {
  /** Resolves to true once it takes orders; to false when it never will and the others do without it. @throws when the rebuild must not go on without it */
  readonly joins: Promise<boolean>;
  /** Resolves when the partition is committed up to where the order says. @throws what `replayTask` throws; WORKER_FAILED; the signal's reason when aborted */
  replay(order: ReplayOrder, options: Pick<ReplayOptions, 'signal' | 'onRecords'>): Promise<void>;
  /** Call once no order is under way. */
  close(): Promise<void>;
}

/** A rebuild that looks for others who replay its partitions with it. */
export interface RebuildWork {
  readonly plan: Plan;
  /** Owns the tasks: whoever replays them does so in this name. */
  readonly builder: string;
  readonly partitions: number;
  /** Still to be replayed. */
  readonly records: number;
}

/** Finds others who replay partitions of a rebuild, besides the thread that it runs in. */
export type FindReplayers = (work: RebuildWork) => Promise<readonly Replayer[]>;

/** Replays in this thread. */
export function replayerHere(settings: RunnerSettings, plan: Plan): Replayer {
  const turn = new FoldTurn();
  return {
    joins: Promise.resolve(true),
    replay: ({ key, ...order }, options) =>
      replayTask(settings, key, { plan, turn, ...order, ...options }),
    close: async () => undefined,
  };
}
