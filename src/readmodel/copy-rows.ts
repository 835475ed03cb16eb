import { finished } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { type CopyStreamQuery, from as copyFrom } from 'pg-copy-streams';
import { EventQueue } from '../concurrency/event-queue.ts';
import type { TableRows } from '../projection/plan/row-set.ts';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import type { Bytes, FieldWriter } from './field-writer.ts';
import { allocateBytes, createFieldWriter } from './field-writer.ts';
import { quotedList, tableName } from './table-name.ts';

/** Size of the chunks passed to the socket. */
const CHUNK_BYTES = 1 << 20;
/** "PGCOPY\n\xff\r\n\0", no flags, no header extension. */
const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
/** Replaces a row's number of fields at the end. */
const END = -1;

/**
 * Appends rows by binary COPY. Does not check for rows with the same key: with a primary key they
 * fail, without one they are all stored. The rows must not change until it resolves.
 */
export async function copyRows(
  client: ClientBase,
  plan: TablePlan,
  partition: number,
  rows: TableRows,
): Promise<void> {
  const columns = quotedList(['_partition', ...plan.columns.map(({ name }) => name)]);
  const sql = `copy ${tableName(plan)} (${columns}) from stdin (format binary)`;
  const memory = [allocateBytes(CHUNK_BYTES), allocateBytes(CHUNK_BYTES)] as const;
  await sendAll(client.query(copyFrom(sql)), encodeCopy(plan, partition, rows, memory));
}

/**
 * Sends all chunks, encoding the next one while one is being sent. A chunk is not changed before
 * `write` has called back.
 */
async function sendAll(copy: CopyStreamQuery, chunks: Iterable<Buffer>): Promise<void> {
  const answers = new EventQueue<'written' | 'ended'>();
  const ended = finished(copy).finally(() => answers.push('ended'));
  ended.catch(() => undefined); // Thrown below, when no chunk is being encoded.
  try {
    let isWriting = false;
    for (const chunk of chunks) {
      if (isWriting && (await answers.next()) === 'ended') await ended;
      isWriting = true;
      copy.write(chunk, () => answers.push('written'));
    }
    copy.end();
  } catch (error) {
    // Aborts the COPY, unless Postgres did.
    copy.destroy(error as Error);
    await ended.catch(() => undefined);
    throw error;
  }
  await ended;
}

/**
 * Encodes the rows in COPY's binary format, in chunks of about 1 MB. Each is encoded on demand,
 * alternately in two buffers: a chunk is valid until the next but one is requested.
 */
function* encodeCopy(
  plan: TablePlan,
  partition: number,
  rows: TableRows,
  memory: readonly [Bytes, Bytes],
): Generator<Buffer> {
  const writers = rows.columns.map((values, i) => {
    const column = plan.columns[i];
    if (column === undefined) throw new TypeError(`${plan.name}: more columns than its plan has`);
    return createFieldWriter(column, values);
  });
  const sized = writers.filter(({ bytesMax }) => bytesMax === null);
  const fixedBytes = writers.reduce((sum, { bytesMax }) => sum + (bytesMax ?? 0), 2 + 8);
  let [bytes, other] = memory;
  let at = HEADER.copy(bytes.buffer);
  for (let row = 0; row < rows.count; row += 1) {
    let room = fixedBytes + 2;
    for (const writer of sized) room += writer.bytesMaxAt(row);
    if (at + room > bytes.buffer.length) {
      yield bytes.buffer.subarray(0, at);
      [bytes, other] = [other, bytes];
      if (room > bytes.buffer.length) bytes = allocateBytes(room);
      at = 0;
    }
    at = writeRow(bytes, at, { writers, partition, row });
  }
  bytes.view.setInt16(at, END);
  yield bytes.buffer.subarray(0, at + 2);
}

function writeRow(
  bytes: Bytes,
  at: number,
  target: {
    readonly writers: readonly FieldWriter[];
    readonly partition: number;
    readonly row: number;
  },
): number {
  const { writers, row } = target;
  bytes.view.setInt16(at, writers.length + 1);
  bytes.view.setInt32(at + 2, 4);
  bytes.view.setInt32(at + 6, target.partition);
  let end = at + 10;
  for (const writer of writers) end = writer.write(bytes, end, row);
  return end;
}
