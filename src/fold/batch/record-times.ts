import type { RecordBatch } from '../../log/record-batch.ts';
import { EARLIEST_MS, LATEST_MS } from '../rows/postgres-limits.ts';
import { calendarMessage, deadLetterAt, futureLetter } from './dead-letter-at.ts';
import type { EventClock } from './event-clock.ts';
import type { DecodedBatch } from './topic-batches.ts';

/**
 * The watermark at each record of a batch. Processing a batch advances the clock record by record,
 * and refuses times that are too far ahead or cannot be stored.
 */
export class RecordTimes {
  /** The watermark after record i. */
  watermarks = new Float64Array(0);

  pass(batch: RecordBatch, { parts, route, deadLetters }: DecodedBatch, clock: EventClock): void {
    if (this.watermarks.length < batch.count) this.watermarks = new Float64Array(batch.count);
    const limitMs = clock.limitMs(batch);
    const carried = clock.carried(batch);
    for (let i = 0; i < batch.count; i += 1) {
      const part = parts[route === null ? 0 : (route.part[i] as number)];
      const j = route === null ? i : (route.within[i] as number);
      if (part !== undefined && part.skip[j] !== 1) {
        const timeMs = part.timesMs[j] as number;
        const refusal = clock.refusal(batch, i, timeMs, limitMs);
        if (refusal !== null) {
          part.skip[j] = 1;
          deadLetters.push(futureLetter(batch, i, timeMs, refusal));
        } else if (!(timeMs >= EARLIEST_MS && timeMs <= LATEST_MS)) {
          part.skip[j] = 1;
          const message = calendarMessage(batch, i, timeMs);
          deadLetters.push(deadLetterAt(batch, i, 'DECODE_FAILED', message));
        } else if (carried === null) clock.see(timeMs);
        else clock.passed(timeMs, carried(i, timeMs, part.plan));
      }
      this.watermarks[i] = clock.watermarkMs ?? Number.NEGATIVE_INFINITY;
    }
  }
}
