import { crc32c } from '@node-rs/crc32';
import { keyAt, requireIndex, valueAt } from './record-at.ts';
import type { RecordBatch } from './record-batch.ts';

/**
 * CRC-32C of key and value: what a checkpoint keeps to recognise its last record again; null: it
 * cannot be read.
 */
export function recordHash(batch: RecordBatch, index: number): number | null {
  requireIndex(batch, index);
  if (batch.unreadable !== null) return null;
  const key = keyAt(batch, index);
  const value = valueAt(batch, index);
  const hash = key === null ? 0 : crc32c(key);
  return value === null ? hash : crc32c(value, hash);
}
