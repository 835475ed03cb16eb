import { ownRecordAt } from '../../log/record-at.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { ErrorCode } from '../../reprise-error.ts';
import { LATEST_MS } from '../rows/postgres-limits.ts';
import type { DeadLetter } from '../task/task-fold.ts';
import type { Refusal } from './event-clock.ts';

/** Creates a dead letter of a record, with those of its bytes that can be read. */
export function deadLetterAt(
  batch: RecordBatch,
  index: number,
  reason: ErrorCode,
  message: string,
): DeadLetter {
  const record =
    batch.unreadable === null
      ? ownRecordAt(batch, index)
      : {
          topic: batch.topic,
          partition: batch.partition,
          offset: BigInt(batch.offsets[index] as number),
          timestampMs: batch.timestampsMs[index] as number,
          key: null,
          value: null,
          headers: [],
        };
  return { ...record, reason, message, byClock: false };
}

/** Creates a dead letter of a record with an event time too far ahead (reason FUTURE). */
export function futureLetter(
  batch: RecordBatch,
  index: number,
  timeMs: number,
  refusal: Refusal,
): DeadLetter {
  const place = `${batch.topic}[${batch.partition}]@${batch.offsets[index]}`;
  const aheadMs = timeMs - (batch.timestampsMs[index] as number);
  const message =
    refusal === 'record'
      ? `${place}: the event time is ${aheadMs} ms ahead of the record timestamp, more than maxDrift allows.`
      : `${place}: the event time is further ahead of the owner's clock than maxDrift allows, when it was first folded.`;
  return { ...deadLetterAt(batch, index, 'FUTURE', message), byClock: refusal === 'clock' };
}

/** Explains why an event time, or a window around it, cannot be stored. */
export function calendarMessage(batch: RecordBatch, index: number, timeMs: number): string {
  const place = `${batch.topic}[${batch.partition}]@${batch.offsets[index]}`;
  return `${place}: ${timeMs} ms, or its window, lies beyond the calendar (4713 BC to ${new Date(LATEST_MS).toISOString()}).`;
}
