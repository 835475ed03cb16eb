import { ownRecordAt } from '../../log/record-at.ts';
import type { LateEvent } from '../task/task-fold.ts';
import type { SourcePart } from './topic-batches.ts';

/** Where an event came too late: the watermark, its window (null: none) and its key. */
interface Lateness {
  readonly watermarkMs: number;
  readonly window: { readonly startMs: number; readonly endMs: number } | null;
  readonly key: readonly (string | number | bigint)[];
}

/** The late events of a task: how many, and the rejected ones until a flush stores them. */
export class LateEvents {
  /** Number of late events, revised or rejected. */
  count = 0;
  #rejected: LateEvent[] = [];

  /** Keeps a late event of record j, as it is stored. Does not count it. */
  reject(part: SourcePart, j: number, { watermarkMs, window, key }: Lateness): void {
    const { topic, partition, offset, value } = ownRecordAt(part.batch, j);
    this.#rejected.push({
      topic,
      partition,
      offset,
      eventTimeMs: part.timesMs[j] as number,
      watermarkMs,
      windowStartMs: window?.startMs ?? null,
      windowEndMs: window?.endMs ?? null,
      key: key.map(String),
      payload: value,
    });
  }

  /** Returns the rejected events since the last call. */
  take(): readonly LateEvent[] {
    const taken = this.#rejected;
    this.#rejected = [];
    return taken;
  }
}
