import { headersAt } from './record-at.ts';
import type { RecordBatch, RecordHeader } from './record-batch.ts';

/** Deterministic id of a published event: a consumer that has seen it may drop the record. */
const ID_HEADER = 'reprise-id';
/** The task that made it: `projection/version/partition`. */
const TASK_HEADER = 'reprise-task';
/**
 * `publisher:number`. Numbers of one publisher ascend in a partition; a record whose number is not
 * above those before it is a repetition.
 */
const SEQUENCE_HEADER = 'reprise-sequence';
/**
 * Later records of the publisher on this topic are of this time or later, milliseconds since the
 * epoch; empty: nothing can be said yet.
 */
const WATERMARK_HEADER = 'reprise-watermark';

/** What the relay says of a record, besides its id. */
export interface Published {
  /** Names the outbox that it came from. */
  readonly publisher: string;
  /** A safe integer. */
  readonly sequence: number;
  /** Null: nothing can be said yet. */
  readonly watermarkMs: number | null;
}

/** The headers of a published event. */
export function publishedHeaders(
  of: Published & { readonly id: string; readonly task: string },
): readonly RecordHeader[] {
  const { id, task, publisher, sequence, watermarkMs } = of;
  return [
    { key: ID_HEADER, value: Buffer.from(id) },
    { key: TASK_HEADER, value: Buffer.from(task) },
    { key: SEQUENCE_HEADER, value: Buffer.from(`${publisher}:${sequence}`) },
    { key: WATERMARK_HEADER, value: Buffer.from(watermarkMs === null ? '' : String(watermarkMs)) },
  ];
}

/**
 * Whether any record of a batch says what `publishedAt` reads. Records without headers cost a look
 * at one byte; the names of other headers are passed over where they lie. Hot: every batch is
 * asked.
 */
export function hasPublished(batch: RecordBatch): boolean {
  const { bytes, valueEnd, count } = batch;
  if (batch.unreadable !== null) return false;
  for (let i = 0; i < count; i += 1) {
    const at = valueEnd[i] as number;
    if (bytes[at] !== 0 && namesSequence(bytes, at)) return true;
  }
  return false;
}

const SEQUENCE_NAME = Buffer.from(SEQUENCE_HEADER);
let position = 0;

/** Whether headers that begin here have the name of the sequence. */
function namesSequence(bytes: Buffer, at: number): boolean {
  position = at;
  const count = lengthAt(bytes);
  for (let n = 0; n < count && position < bytes.length; n += 1) {
    const nameLength = lengthAt(bytes);
    const start = position;
    position += Math.max(0, nameLength);
    if (
      nameLength === SEQUENCE_NAME.length &&
      position <= bytes.length &&
      bytes.compare(SEQUENCE_NAME, 0, nameLength, start, position) === 0
    ) {
      return true;
    }
    const valueLength = lengthAt(bytes);
    position += Math.max(0, valueLength);
  }
  return false;
}

/** A zigzag varint of at most five bytes. */
function lengthAt(bytes: Buffer): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[position++] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return (value >>> 1) ^ -(value & 1);
}

/** What the relay said of record `i`; null: it did not publish it, or not in these words. */
export function publishedAt(batch: RecordBatch, i: number): Published | null {
  if (batch.unreadable !== null || batch.bytes[batch.valueEnd[i] as number] === 0) return null;
  return publishedIn(headersOf(batch, i));
}

/** The same, of headers. */
export function publishedIn(headers: readonly RecordHeader[]): Published | null {
  const textOf = (name: string) => headers.find(({ key }) => key === name)?.value?.toString();
  const [, publisher, digits] = /^([^:]+):(\d{1,16})$/.exec(textOf(SEQUENCE_HEADER) ?? '') ?? [];
  const watermark = textOf(WATERMARK_HEADER);
  const sequence = Number(digits);
  if (publisher === undefined || watermark === undefined || !Number.isSafeInteger(sequence)) {
    return null;
  }
  const watermarkMs = watermark === '' ? null : Number(watermark);
  return Number.isNaN(watermarkMs) ? null : { publisher, sequence, watermarkMs };
}

/** Headers that are malformed are somebody else's, and are no news here. */
function headersOf(batch: RecordBatch, i: number): readonly RecordHeader[] {
  try {
    return headersAt(batch, i);
  } catch {
    return [];
  }
}
