import { onAbort } from '../../concurrency/on-abort.ts';
import type { EventLog, ReadOptions, ReadPosition } from '../../log/event-log.ts';
import type { RecordBatch } from '../../log/record-batch.ts';

/** One of several concurrent readers of a log. */
export interface SharedReader {
  /** As `EventLog.read`. */
  readonly read: EventLog['read'];
  /** Stops reading: the others no longer wait for it. */
  leave(): void;
}

/**
 * Creates readers of one log that share their fetches. Readers whose first read starts at the same
 * positions receive the batches of one stream, in lockstep: the next batch is fetched once all of
 * them have asked for it. The streams start once every reader has called `read` or left. Later
 * reads of a reader are separate. A reader must wait only for its own work, never for another
 * reader.
 */
export function shareReads(log: Pick<EventLog, 'read'>, count: number): readonly SharedReader[] {
  const joining = new Map<string, SharedStream>();
  let undecided = count;
  const decided = () => {
    undecided -= 1;
    if (undecided > 0) return;
    for (const stream of joining.values()) stream.begin();
    joining.clear();
  };
  return Array.from({ length: count }, () => {
    let isUndecided = true;
    const decide = () => {
      if (isUndecided) decided();
      isUndecided = false;
    };
    return {
      async *read(positions: readonly ReadPosition[], options: ReadOptions = {}) {
        if (!isUndecided) {
          yield* log.read(positions, options);
          return;
        }
        const key = keyOf(positions);
        const stream = joining.get(key) ?? new SharedStream(log, positions);
        joining.set(key, stream);
        const batches = stream.join(options);
        decide();
        yield* batches;
      },
      leave: decide,
    };
  });
}

/** Key of a read; equal if two readers want the same. */
function keyOf(positions: readonly ReadPosition[]): string {
  return positions
    .map(({ topic, partition, offset, untilOffset, after }) =>
      [topic, partition, offset, untilOffset, after?.offset, after?.leaderEpoch].join(' '),
    )
    .join('\n');
}

/** Settles the pending request of a member. */
interface Asking {
  readonly resolve: (next: IteratorResult<RecordBatch, void>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A stream and its members. States: *joining* → `begin` → *reading* → *ended*, when all have left.
 */
class SharedStream {
  readonly #log: Pick<EventLog, 'read'>;
  readonly #positions: readonly ReadPosition[];
  readonly #left = new AbortController();
  readonly #options: ReadOptions[] = [];
  /** The pending request of each member; null: the member is busy with its batch. */
  readonly #members = new Map<symbol, Asking | null>();
  #batches: AsyncIterator<RecordBatch, void> | null = null;

  constructor(log: Pick<EventLog, 'read'>, positions: readonly ReadPosition[]) {
    this.#log = log;
    this.#positions = positions;
  }

  /** Adds a member and returns its batches. Only in the state *joining*. */
  join(options: ReadOptions): AsyncIterable<RecordBatch> {
    const member = Symbol();
    this.#members.set(member, null);
    this.#options.push(options);
    return this.#batchesOf(member, options);
  }

  begin(): void {
    if (this.#members.size === 0) return;
    const { signal } = this.#left;
    const [options = {}] = this.#options;
    const reusesMemory = this.#options.every((each) => each.reusesMemory === true);
    const batches = this.#log.read(this.#positions, { ...options, reusesMemory, signal });
    this.#batches = batches[Symbol.asyncIterator]();
    this.#advance();
  }

  async *#batchesOf(member: symbol, { signal }: ReadOptions): AsyncGenerator<RecordBatch, void> {
    let asked: Asking | null = null;
    const stopListening = onAbort(signal, () => asked?.resolve({ done: true, value: undefined }));
    try {
      while (!signal?.aborted) {
        const next = await new Promise<IteratorResult<RecordBatch, void>>((resolve, reject) => {
          asked = { resolve, reject };
          this.#ask(member, asked);
        });
        if (next.done || signal?.aborted) return;
        yield next.value;
      }
    } finally {
      stopListening();
      await this.#leave(member);
    }
  }

  #ask(member: symbol, asking: Asking): void {
    this.#members.set(member, asking);
    this.#advance();
  }

  /** Removes a member. The last one closes the stream. */
  async #leave(member: symbol): Promise<void> {
    this.#members.delete(member);
    if (this.#members.size > 0) return this.#advance();
    if (this.#batches === null) return;
    this.#left.abort();
    await this.#batches.return?.();
  }

  /** Fetches the next batch once every member has asked for it. */
  #advance(): void {
    const asking = [...this.#members.values()].filter((each) => each !== null);
    if (this.#batches === null || asking.length === 0) return;
    if (asking.length < this.#members.size) return;
    for (const member of this.#members.keys()) this.#members.set(member, null);
    this.#batches.next().then(
      (next) => asking.forEach(({ resolve }) => resolve(next)),
      (error: unknown) => asking.forEach(({ reject }) => reject(error)),
    );
  }
}
