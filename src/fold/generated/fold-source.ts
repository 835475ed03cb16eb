import type { SourcePlan, WindowedPlan } from '../../projection/plan/plan.ts';
import type { TumblingWindow } from '../../projection/plan/window-plan.ts';
import { EARLIEST_MS, LATEST_MS } from '../rows/postgres-limits.ts';
import { REVISED_AT } from '../rows/row-state.ts';

/** Input for generating the fold of one writer schema. */
export interface FoldSourceParts {
  readonly plan: Pick<WindowedPlan, 'latenessMs' | 'maxDriftMs'>;
  readonly window: TumblingWindow;
  readonly time: SourcePlan['time'];
  /** The fields that are read. */
  readonly fields: readonly string[];
  /** Index of the key's field among them. */
  readonly key: number;
  readonly schemaId: number;
  readonly stride: number;
  /** Statements that read a record (`readerSource`). */
  readonly read: string;
  /** Statements that accumulate it, by accumulator (`accumulatorSource`). */
  readonly accumulate: readonly string[];
}

/**
 * Generates the body of a function of `batch`, `from` and `task`. It folds records into rows until
 * one is unusual, and returns that record's index (the batch's count if there is none). Reading,
 * routing and accumulating happen in one pass, without columns in between. A record at which it
 * stops has changed only the key dictionary.
 */
export function foldSource(parts: FoldSourceParts): string {
  const { key, stride, accumulate } = parts;
  return `'use strict';
const { bytes, count, offsets, timestampsMs, valueStart, valueEnd } = batch;
const { keys, state, slow } = task;
const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
let { latestMs, watermarkMs, lateCount } = task;
let startMs = NaN, endMs = NaN;
let i = from;
records: for (; i < count; i += 1) {
  let at = valueStart[i];
  const end = valueEnd[i];
  ${header(parts.schemaId)}
  ${parts.read}
  if (at !== end) break;
  ${route(parts)}
  if (!present${key}) break;
  const keyId = keys.idOfText(bytes, start${key}, end${key});
  if (keyId < 0) break;
  const slot = state.slotOf(keyId, startMs, endMs);
  const numbers = state.numbers, base = slot * ${stride};
  if (seenMs > watermarkMs) watermarkMs = seenMs;
  if (timeMs > latestMs) latestMs = timeMs;
  if (endMs <= watermarkMs) {
    lateCount += 1;
    if (!(numbers[base + ${REVISED_AT}] >= offsets[i])) numbers[base + ${REVISED_AT}] = offsets[i];
  }
  ${accumulate.join('\n  ')}
}
task.latestMs = latestMs;
task.watermarkMs = watermarkMs;
task.lateCount = lateCount;
return i;`;
}

/**
 * Generates the test for a value (not a tombstone) with Confluent's header: a zero and the schema's
 * id.
 */
function header(schemaId: number): string {
  const id = [24, 16, 8, 0].map((shift) => (schemaId >>> shift) & 255);
  const differs = id.map((byte, n) => `bytes[at + ${n + 1}] !== ${byte}`).join(' || ');
  return `if (at < 0 || end - at < 5 || bytes[at] !== 0 || ${differs}) break;
  at += 5;`;
}

/**
 * Generates event time and window. Tries the previous record's window first: a division costs more
 * than two comparisons.
 */
function route({ plan, window, time, fields }: FoldSourceParts): string {
  const n = time.kind === 'field' ? fields.indexOf(time.field) : -1;
  const { sizeMs, offsetMs } = window;
  return `const timeMs = ${n < 0 ? 'timestampsMs[i]' : `present${n} ? value${n} : timestampsMs[i]`};
  if (!(timeMs <= timestampsMs[i] + ${plan.maxDriftMs})) break;
  const seenMs = timeMs - ${plan.latenessMs};
  if (!(timeMs >= startMs && timeMs < endMs)) {
    startMs = Math.floor((timeMs - ${offsetMs}) / ${sizeMs}) * ${sizeMs} + ${offsetMs};
    endMs = startMs + ${sizeMs};
    if (!(startMs >= ${EARLIEST_MS} && endMs <= ${LATEST_MS})) break;
  }`;
}
