import type { UserActed } from '../../schemas/index.ts';
import { wholeLog } from '../../src/cli/terminal/whole-log.ts';
import type { Position } from '../../src/log/event-log.ts';
import type { Reprise } from '../../src/reprise.ts';
import type { Example } from './example-app.ts';

/**
 * What a producer was told of its events: where each was acknowledged, and which may be in the log
 * although nobody said so.
 */
export class Ledger {
  readonly #acknowledged = new Map<string, string>();
  readonly #uncertain = new Set<string>();

  /** How many were acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /**
   * Publishes events, one after the other in what the log is sent; resolves when each is
   * acknowledged or has failed. @throws the first failure
   */
  async publish(app: Reprise, example: Example, events: readonly UserActed[]): Promise<void> {
    const sent = events.map((event) => app.publisher.publish(example.event, event));
    const failures: unknown[] = [];
    for (const [e, outcome] of (await Promise.allSettled(sent)).entries()) {
      const id = events[e]?.eventId ?? '';
      if (outcome.status === 'fulfilled') this.#acknowledged.set(placeOf(outcome.value), id);
      else {
        this.#uncertain.add(id);
        failures.push(outcome.reason);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /**
   * Compares with the log: every acknowledged event is where it was acknowledged, each is there
   * once, and whatever else is there is uncertain. @returns what is wrong, in words
   */
  async audit(app: Reprise, example: Example): Promise<readonly string[]> {
    const problems: string[] = [];
    const missing = new Map(this.#acknowledged);
    const seen = new Set<string>();
    for await (const { record, event } of wholeLog(app, example.event)) {
      const id = (event as UserActed).eventId;
      const place = placeOf(record);
      const expected = this.#acknowledged.get(place);
      missing.delete(place);
      if (seen.has(id)) problems.push(`event ${id} is in the log twice, again at ${place}`);
      seen.add(id);
      if (expected !== undefined && expected !== id)
        problems.push(`${place} holds event ${id}, not ${expected}`);
      if (expected === undefined && !this.#uncertain.has(id))
        problems.push(`event ${id} at ${place} is in no ledger`);
    }
    for (const [place, id] of missing)
      problems.push(`event ${id} was acknowledged at ${place} and is not there`);
    return problems;
  }
}

function placeOf({ topic, partition, offset }: Position): string {
  return `${topic}[${partition}]@${offset}`;
}
