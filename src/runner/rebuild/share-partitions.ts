import { runTaskGroup } from '../../concurrency/run-task-group.ts';
import type { Replayer } from './replayer.ts';

/** Partitions in progress per replayer: while one waits for its COPY, another folds. */
const ORDERS_AT_ONCE = 2;

/** Partitions, and the replayers that share them. */
export interface Sharing {
  readonly partitions: number;
  /** The first replayer is this thread. It takes the share of replayers that do not join. */
  readonly replayers: readonly [Replayer, ...Replayer[]];
  /**
   * Makes a replayer replay one partition. `signal` aborts with the signal of `Sharing`, and when
   * another replay has failed.
   */
  readonly replay: (replayer: Replayer, partition: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Shares partitions among replayers. Each starts with up to two, assigned round robin, and takes
 * another as soon as one is done, so faster replayers do more. The first failure aborts the others.
 * @throws the first failure, once all work has ended
 */
export async function sharePartitions(sharing: Sharing): Promise<void> {
  const { partitions, replayers, replay } = sharing;
  const slots = Array.from({ length: ORDERS_AT_ONCE }, () => replayers)
    .flat()
    .slice(0, partitions);
  let next = slots.length;
  await runTaskGroup(
    sharing.signal,
    slots.map((slot, first) => async (signal) => {
      const replayer = (await slot.joins) ? slot : replayers[0];
      for (let partition = first; partition < partitions; ) {
        signal.throwIfAborted();
        await replay(replayer, partition, signal);
        partition = next;
        next += 1;
      }
    }),
  );
}
