import { createEventDecoder } from '../avro/event-decoder.ts';
import { createFieldDecoder } from '../avro/field-decoder.ts';
import type { FieldColumn, FieldColumns } from '../event/field-columns.ts';
import { recordAt } from '../log/log-record.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import type { SourcePlan } from '../projection/plan.ts';
import type { ErrorCode } from '../reprise-error.ts';
import { isRepriseError } from '../reprise-error.ts';
import { compileCondition } from './condition.ts';
import type { DeadLetter } from './task-fold.ts';

/** A batch of one kind of event, decoded: columns, event times, and which records to pass over. */
export interface DecodedBatch {
  readonly columns: readonly FieldColumn[];
  /** Milliseconds since the epoch. */
  readonly timesMs: Float64Array;
  /** 1: tombstone, failed, or (after `filter`) not wanted. */
  readonly skip: Uint8Array;
  readonly deadLetters: DeadLetter[];
}

/** One source of a plan at work: decodes its fields, finds event times, filters. */
export class SourceBatch {
  readonly #plan: SourcePlan;
  readonly #decoder;
  readonly #events;
  readonly #functions: readonly ((event: never) => boolean)[];
  readonly #checks;

  constructor(plan: SourcePlan) {
    this.#plan = plan;
    this.#decoder = createFieldDecoder({ event: plan.event, fields: plan.fields });
    this.#functions = plan.where.flatMap((filter) =>
      filter.kind === 'function' ? [filter.accepts] : [],
    );
    this.#events = this.#functions.length === 0 ? null : createEventDecoder(plan.event);
    const conditions = plan.where.flatMap((filter) =>
      filter.kind === 'conditions' ? filter.conditions : [],
    );
    this.#checks = conditions.map((condition) => {
      const field = plan.event.fields.find(({ name }) => name === condition.field);
      if (field === undefined) throw new TypeError(`no field ${condition.field}`);
      return {
        fieldIndex: plan.fields.indexOf(condition.field),
        check: compileCondition(condition, field.type),
      };
    });
  }

  get plan(): SourcePlan {
    return this.#plan;
  }

  unresolvedSchemaIds(batch: RecordBatch): readonly number[] {
    return this.#decoder.unresolvedSchemaIds(batch);
  }

  resolve(schemaId: number, schema: string | Error): void {
    this.#decoder.resolve(schemaId, schema);
    this.#events?.resolve(schemaId, schema);
  }

  /** Decodes a batch. Columns are valid until the next call. */
  decode(batch: RecordBatch): DecodedBatch {
    const decoded = this.#decoder.decode(batch);
    const skip = decoded.absent?.slice(0, batch.count) ?? new Uint8Array(batch.count);
    const deadLetters: DeadLetter[] = [];
    for (const { index, error } of decoded.failures) {
      skip[index] = 1;
      const code = isRepriseError(error) ? error.code : 'DECODE_FAILED';
      deadLetters.push(deadLetterAt(batch, index, code, error.message));
    }
    return { columns: decoded.columns, timesMs: this.#times(batch, decoded), skip, deadLetters };
  }

  /** Marks the records that `where` does not let through. A function that throws fails its record. */
  filter(batch: RecordBatch, decoded: DecodedBatch): void {
    for (const { fieldIndex, check } of this.#checks) {
      check(decoded.columns[fieldIndex] as FieldColumn, batch.count, decoded.skip);
    }
    if (this.#events === null) return;
    for (let i = 0; i < batch.count; i += 1) {
      if (decoded.skip[i] === 1) continue;
      try {
        const event = this.#events.decode(
          batch.bytes.subarray(batch.valueStart[i], batch.valueEnd[i]),
        ) as never;
        if (!this.#functions.every((accepts) => accepts(event))) decoded.skip[i] = 1;
      } catch (error) {
        decoded.skip[i] = 1;
        const message = `where(…) failed: ${(error as Error).message}`;
        decoded.deadLetters.push(deadLetterAt(batch, i, 'DECODE_FAILED', message));
      }
    }
  }

  /** The event's time field, else (also where it is null) the record timestamp. */
  #times(batch: RecordBatch, decoded: FieldColumns): Float64Array {
    const { event, fields } = this.#plan;
    const column =
      event.timeField === undefined ? undefined : decoded.columns[fields.indexOf(event.timeField)];
    if (column === undefined) return batch.timestampsMs;
    if (column.kind !== 'number' && column.kind !== 'long') {
      throw new TypeError(`${event.timeField} is not a time`);
    }
    if (column.kind === 'number' && column.present === null) return column.values;
    const times = new Float64Array(batch.count);
    for (let i = 0; i < batch.count; i += 1) {
      times[i] =
        column.present !== null && column.present[i] === 0
          ? (batch.timestampsMs[i] as number)
          : column.kind === 'number'
            ? (column.values[i] as number)
            : millisOf(column.exact?.[i] ?? (column.values[i] as number));
    }
    return times;
  }
}

/** Whole milliseconds of microseconds, rounded down. Quotients of safe integers never round up to the next whole number. */
function millisOf(micros: number | bigint): number {
  return typeof micros === 'number'
    ? Math.floor(micros / 1000)
    : Number((micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n);
}

/** A record with its bytes, as it will be kept. */
export function deadLetterAt(
  batch: RecordBatch,
  index: number,
  reason: ErrorCode,
  message: string,
): DeadLetter {
  const { topic, partition, offset, timestampMs, key, value, headers } = recordAt(batch, index);
  return { topic, partition, offset, timestampMs, reason, message, key, value, headers };
}
