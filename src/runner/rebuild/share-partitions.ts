import { runTaskGroup } from '../../concurrency/run-task-group.ts';
import type { Replayer } from './replayer.ts';

/** A replayer has so many partitions under way: while one waits for its COPY, another folds. */
const ORDERS_AT_ONCE = 2;

/** Partitions and those who share them. */
export interface Sharing {
  readonly partitions: number;
  /** The first one is this thread: it stands in for those that do not join. */
  readonly replayers: readonly [Replayer, ...Replayer[]];
  /**
   * Has one replayer replay one partition. `signal` aborts with the one given here, and when
   * another has failed.
   */
  readonly replay: (replayer: Replayer, partition: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Lets replayers share partitions: each begins with its own two, in turns, as far as there are any,
 * and takes another as soon as it is done with one, so that a quick one does more. The first
 * failure aborts the others. @throws the first failure, once nobody is at work
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
