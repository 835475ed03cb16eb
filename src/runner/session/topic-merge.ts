import type { RecordBatch } from '../../log/record-batch.ts';
import { sliceBatch, splitBatch } from '../../log/slice-batch.ts';

/** Merge key of a record: its timestamp, then its topic. */
interface MergePosition {
  readonly timestampMs: number;
  readonly topic: string;
}

/**
 * Merges the topics of one task into one order: always the head with the smallest record timestamp,
 * ties by topic; offset order within a topic (ADR 0010). Pure: which records are taken depends on
 * what is buffered and on what the caller says about each topic, never on time.
 */
export class TopicMerge {
  readonly #buffered: Map<string, RecordBatch[]>;
  /** Greatest position taken so far; null: unknown, so nothing may be assumed. */
  #highest: MergePosition | null = null;

  constructor(topics: Iterable<string>) {
    this.#buffered = new Map([...topics].map((topic) => [topic, []]));
  }

  push(batch: RecordBatch): void {
    this.#buffered.get(batch.topic)?.push(batch);
  }

  /** Whether nothing is buffered. */
  get isEmpty(): boolean {
    return [...this.#buffered.values()].every((batches) => batches.length === 0);
  }

  /**
   * Whether the next records could have been merged with those taken before: every head is at or
   * beyond the greatest position taken. If not, the point between them must be journaled, because a
   * replay that sees both at once would order them differently.
   */
  continues(): boolean {
    const highest = this.#highest;
    if (highest === null) return false;
    return [...this.#buffered].every(([topic, batches]) => {
      const head = batches.find(({ count }) => count > 0);
      return (
        head === undefined ||
        !isBefore({ timestampMs: head.timestampsMs[0] as number, topic }, highest)
      );
    });
  }

  /**
   * Starts again after a point that every replay passes: nothing before it matters. @returns a
   * function that undoes this
   */
  begin(): () => void {
    const before = this.#highest;
    this.#highest = { timestampMs: Number.NEGATIVE_INFINITY, topic: '' };
    return () => {
      this.#highest = before;
    };
  }

  /**
   * Takes records in merged order, as slices of one topic each. Ends when a topic has nothing
   * buffered below its limit and is not `exhausted`.
   * @param until exclusive end offsets, by topic
   */
  take(
    exhausted: (topic: string) => boolean,
    until: ReadonlyMap<string, number> | null = null,
  ): RecordBatch[] {
    const slices: RecordBatch[] = [];
    for (;;) {
      const heads = new Map<string, RecordBatch>();
      for (const topic of this.#buffered.keys()) {
        const head = this.#headOf(topic, until?.get(topic) ?? Number.POSITIVE_INFINITY);
        if (head === 'limit') continue;
        if (head === null && exhausted(topic)) continue;
        if (head === null) return slices;
        heads.set(topic, head);
      }
      const first = smallest(heads);
      if (first === null) return slices;
      slices.push(this.#takeRun(first, heads));
    }
  }

  /**
   * Returns the next batch of a topic, cut at the limit; null: nothing is buffered; 'limit': the
   * topic is at its limit. Empty batches count as heads, because they move the position.
   */
  #headOf(topic: string, limit: number): RecordBatch | 'limit' | null {
    const batches = this.#buffered.get(topic) ?? [];
    const [head] = batches;
    if (head === undefined) return null;
    if (head.firstOffset >= limit) return 'limit';
    if (head.nextOffset <= limit) return head;
    const [before, after] = splitBatch(head, limit);
    batches.splice(0, 1, before, after);
    return before;
  }

  /** Takes from the chosen head all records that come before every other head. */
  #takeRun(topic: string, heads: ReadonlyMap<string, RecordBatch>): RecordBatch {
    const batches = this.#buffered.get(topic) as RecordBatch[];
    const batch = batches[0] as RecordBatch;
    const rival = smallestPosition(heads, topic);
    let until = 0;
    while (until < batch.count) {
      const position = { timestampMs: batch.timestampsMs[until] as number, topic };
      if (rival !== null && isBefore(rival, position)) break;
      if (this.#highest === null || isBefore(this.#highest, position)) this.#highest = position;
      until += 1;
    }
    if (until === batch.count) {
      batches.shift();
      return batch;
    }
    const middle = batch.offsets[until] as number;
    batches[0] = sliceBatch(
      batch,
      { from: until, until: batch.count },
      { firstOffset: middle, nextOffset: batch.nextOffset },
    );
    return sliceBatch(
      batch,
      { from: 0, until },
      { firstOffset: batch.firstOffset, nextOffset: middle },
    );
  }
}

function isBefore(a: MergePosition, b: MergePosition): boolean {
  return a.timestampMs < b.timestampMs || (a.timestampMs === b.timestampMs && a.topic < b.topic);
}

/**
 * Returns the topic to take from: one with an empty batch, else the one with the smallest position.
 */
function smallest(heads: ReadonlyMap<string, RecordBatch>): string | null {
  for (const [topic, { count }] of heads) if (count === 0) return topic;
  return smallestPosition(heads, null)?.topic ?? null;
}

function smallestPosition(
  heads: ReadonlyMap<string, RecordBatch>,
  without: string | null,
): MergePosition | null {
  let found: MergePosition | null = null;
  for (const [topic, { timestampsMs, count }] of heads) {
    if (topic === without || count === 0) continue;
    const position = { timestampMs: timestampsMs[0] as number, topic };
    if (found === null || isBefore(position, found)) found = position;
  }
  return found;
}
