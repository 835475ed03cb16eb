import { headersAt } from './record-at.ts';
import type { RecordBatch, RecordHeader } from './record-batch.ts';

/** Deterministic id of a published event: a consumer that has seen it may drop the record. */
const ID_HEADER = 'reprise-id';
/** The task that created it: `projection/version/partition`. */
const TASK_HEADER = 'reprise-task';
/**
 * `publisher:number`. Numbers of one publisher ascend in a partition. A record whose number is not
 * larger than the previous ones is a repetition.
 */
const SEQUENCE_HEADER = 'reprise-sequence';
/**
 * Watermark of the publisher on this topic, in milliseconds since the epoch: its later records have
 * this time or a later one. Empty: unknown.
 */
const WATERMARK_HEADER = 'reprise-watermark';

/** The contents of the headers that the relay adds, besides the id. */
export interface Published {
  /** Name of the outbox that the record came from. */
  readonly publisher: string;
  /** A safe integer. */
  readonly sequence: number;
  /** Later records have this event time or a later one; null: unknown. */
  readonly watermarkMs: number | null;
}

/** Creates the headers of a published event. */
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
 * True if any record of a batch has the headers that `publishedAt` reads. Records without headers
 * cost one byte comparison; names of other headers are skipped in place. Hot: called for every
 * batch.
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

/** True if the headers that start here have the name of the sequence. */
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

/** Reads a zigzag varint of at most five bytes. */
function lengthAt(bytes: Buffer): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[position++] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return (value >>> 1) ^ -(value & 1);
}

/**
 * Returns what the relay wrote into the headers of record `i`; null if it did not publish the
 * record, or the headers have another format.
 */
export function publishedAt(batch: RecordBatch, i: number): Published | null {
  if (batch.unreadable !== null || batch.bytes[batch.valueEnd[i] as number] === 0) return null;
  return publishedIn(headersOf(batch, i));
}

/** Returns what the relay wrote into these headers, as `publishedAt`. */
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

/**
 * Returns the headers of a record. Malformed headers are not the relay's, and are reported
 * elsewhere.
 */
function headersOf(batch: RecordBatch, i: number): readonly RecordHeader[] {
  try {
    return headersAt(batch, i);
  } catch {
    return [];
  }
}
