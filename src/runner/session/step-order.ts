import type { RecordBatch } from '../../log/record-batch.ts';
import { splitBatch } from '../../log/slice-batch.ts';
import type { JournalEntry } from '../store/journal-entry.ts';
import type { TopicCheckpoint } from '../store/task-key.ts';
import { TopicMerge } from './topic-merge.ts';

/**
 * The next step of a task: fold a batch, advance event time, fold an earlier dead letter, or write
 * a journal entry with the next flush.
 */
export type FoldStep =
  | { readonly kind: 'batch'; readonly batch: RecordBatch }
  | { readonly kind: 'tick'; readonly quietMs: number }
  | { readonly kind: 'redrive'; readonly record: NonNullable<JournalEntry['record']> }
  | { readonly kind: 'journal'; readonly entry: JournalEntry };

/** The start of an order. */
interface OrderStart {
  readonly checkpoints: ReadonlyMap<string, TopicCheckpoint>;
  /** Stable end offsets when the task was opened, by topic. */
  readonly endOffsets: ReadonlyMap<string, bigint>;
  /** Fold dead letters where the journal says that they were folded. Default false. */
  readonly repeatsRedrives?: boolean;
}

/**
 * The order in which a task folds its records, the same in every replay (law 1). It follows the
 * points of the journal (ticks; steps between which records of several topics were merged); after
 * the journal, it takes records as they arrive. One topic: offset order. Several topics: merged by
 * record timestamp among the buffered records, waiting for topics that are not caught up. If
 * merging across a moment could have given another order, the moment is journaled (ADR 0010).
 */
export class StepOrder {
  /** Points of the journal not passed yet, in order. */
  readonly #points: JournalEntry[];
  readonly #merge: TopicMerge | null;
  readonly #position: Map<string, number>;
  /** The end of the pushed records, by topic. */
  readonly #pushed: Map<string, number>;
  readonly #end: Map<string, number>;
  readonly #queue: FoldStep[] = [];
  /** With one topic: batches not yet folded. */
  readonly #batches: RecordBatch[] = [];

  constructor(journal: readonly JournalEntry[], start: OrderStart) {
    this.#position = new Map(
      [...start.checkpoints].map(([topic, { nextOffset }]) => [topic, Number(nextOffset)]),
    );
    this.#pushed = new Map(this.#position);
    this.#end = new Map([...start.endOffsets].map(([topic, end]) => [topic, Number(end)]));
    const kinds = ['tick', 'step', ...(start.repeatsRedrives ? ['redrive'] : [])];
    this.#points = journal.filter(
      ({ kind, nextOffsets }) => kinds.includes(kind) && !this.#isBehind(nextOffsets),
    );
    this.#merge = this.#position.size > 1 ? new TopicMerge(this.#position.keys()) : null;
    const fresh = [...start.checkpoints.values()].every(({ lastOffset }) => lastOffset === null);
    if (fresh) this.#merge?.begin();
    this.#passPoints();
  }

  push(batch: RecordBatch): void {
    const end = this.#end.get(batch.topic) ?? 0;
    this.#end.set(batch.topic, Math.max(end, batch.stableEndOffset, batch.nextOffset));
    this.#pushed.set(batch.topic, batch.nextOffset);
    if (this.#merge === null) this.#batches.push(batch);
    else this.#merge.push(batch);
  }

  /** Whether all pushed records have been taken. */
  get isDrained(): boolean {
    return this.#queue.length === 0 && this.#batches.length === 0 && (this.#merge?.isEmpty ?? true);
  }

  /** Returns the next step; null: none until more is pushed. */
  next(): FoldStep | null {
    if (this.#queue.length === 0) {
      if (this.#merge === null) this.#nextOfOne();
      else this.#nextOfSeveral(this.#merge);
    }
    return this.#queue.shift() ?? null;
  }

  #nextOfOne(): void {
    const batch = this.#batches.shift();
    if (batch === undefined) return;
    const limit = this.#limits()?.get(batch.topic) ?? Number.POSITIVE_INFINITY;
    if (batch.nextOffset <= limit) return this.#take(batch);
    const [before, after] = splitBatch(batch, limit);
    this.#batches.unshift(after);
    this.#take(before);
  }

  #nextOfSeveral(merge: TopicMerge): void {
    if (merge.isEmpty) return;
    const limits = this.#limits();
    const mustSay = limits === null && !merge.continues();
    const undo = mustSay ? merge.begin() : null;
    const here = this.#stepHere();
    const reach = limits ?? this.#end;
    const isCaughtUp = (topic: string) => (this.#pushed.get(topic) ?? 0) >= (reach.get(topic) ?? 0);
    const slices = merge.take(isCaughtUp, limits);
    if (slices.length === 0) undo?.();
    else if (mustSay) this.#queue.push({ kind: 'journal', entry: here });
    for (const slice of slices) this.#take(slice);
  }

  #take(batch: RecordBatch): void {
    this.#queue.push({ kind: 'batch', batch });
    this.#position.set(batch.topic, batch.nextOffset);
    this.#passPoints();
  }

  #passPoints(): void {
    for (let [point] = this.#points; point !== undefined; [point] = this.#points) {
      if (!this.#isReached(point.nextOffsets)) return;
      this.#points.shift();
      this.#merge?.begin();
      if (point.kind === 'tick') this.#queue.push({ kind: 'tick', quietMs: point.quietMs ?? 0 });
      if (point.record !== undefined) this.#queue.push({ kind: 'redrive', record: point.record });
    }
  }

  /** Returns the offsets of the next point, by topic; null: there is none. */
  #limits(): ReadonlyMap<string, number> | null {
    const [point] = this.#points;
    if (point === undefined) return null;
    return new Map([...point.nextOffsets].map(([topic, offset]) => [topic, Number(offset)]));
  }

  #isReached(offsets: ReadonlyMap<string, bigint>): boolean {
    return [...offsets].every(
      ([topic, offset]) => (this.#position.get(topic) ?? 0) >= Number(offset),
    );
  }

  /** Whether a point lies before the position of the task in any topic. */
  #isBehind(offsets: ReadonlyMap<string, bigint>): boolean {
    return [...offsets].some(
      ([topic, offset]) => (this.#position.get(topic) ?? 0) > Number(offset),
    );
  }

  #stepHere(): JournalEntry {
    const nextOffsets = new Map(
      [...this.#position].map(([topic, offset]): [string, bigint] => [topic, BigInt(offset)]),
    );
    return { kind: 'step', nextOffsets, quietMs: null };
  }
}
