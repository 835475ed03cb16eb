import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { monotonicMs } from './monotonic.ts';

const POLL_EVERY_MS = 1;
const NEXT_OFFSETS = {
  name: 'next-offsets',
  text: `select partition, next_offset from reprise.checkpoints where projection = 'payment_metrics' and version = 1`,
};

/**
 * A reader beside the runner, on a connection of its own, that looks every one or two milliseconds
 * which offsets are committed. Rows commit in the same transaction as the offset that covers them,
 * so a reader that sees `next_offset` beyond an event sees the event's row.
 */
export class CheckpointPoller {
  readonly #client: pg.Client;
  /** Per partition, ascending: from `atMs` on, everything below `nextOffset` was visible. */
  readonly #seen = new Map<number, { readonly nextOffset: number; readonly atMs: number }[]>();
  #polling: Promise<void> | null = null;
  #stopped = false;

  constructor(databaseUrl: string) {
    this.#client = new pg.Client({ connectionString: databaseUrl });
  }

  async start(): Promise<void> {
    await this.#client.connect();
    this.#polling = this.#poll();
    // A failure is reported by `stop`, and must not end the process before.
    this.#polling.catch(() => undefined);
  }

  /** @throws Error when a poll failed */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#polling;
    await this.#client.end();
  }

  /** Offsets that are visible by now, over all partitions. */
  visibleRecords(): number {
    return [...this.#seen.values()].reduce(
      (sum, steps) => sum + (steps.at(-1)?.nextOffset ?? 0),
      0,
    );
  }

  /**
   * When the record at an offset was first seen to be visible, by `monotonicMs`; Infinity: never.
   */
  visibleAtMs(partition: number, offset: number): number {
    const steps = this.#seen.get(partition) ?? [];
    let low = 0;
    let high = steps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((steps[middle]?.nextOffset ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    return steps[low]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  async #poll(): Promise<void> {
    while (!this.#stopped) {
      const { rows } = await this.#client.query<{ partition: number; next_offset: string }>(
        NEXT_OFFSETS,
      );
      const atMs = monotonicMs();
      for (const { partition, next_offset } of rows)
        this.#note(partition, Number(next_offset), atMs);
      await delay(POLL_EVERY_MS);
    }
  }

  #note(partition: number, nextOffset: number, atMs: number): void {
    const steps = this.#seen.get(partition) ?? [];
    this.#seen.set(partition, steps);
    if (nextOffset > (steps.at(-1)?.nextOffset ?? 0)) steps.push({ nextOffset, atMs });
  }
}
