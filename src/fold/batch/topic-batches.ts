import {
  createOpeningEventDecoder,
  createOpeningFieldDecoder,
} from '../../avro/decode/opening-field-decoder.ts';
import type { KeyRing } from '../../avro/pii/pii-envelope.ts';
import type { FieldColumn, FieldColumns } from '../../event/field-columns.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { pickRecords } from '../../log/slice-batch.ts';
import type { Plan, SourcePlan } from '../../projection/plan/plan.ts';
import { isRepriseError } from '../../reprise-error.ts';
import type { DeadLetter, TaskFoldOptions, UnresolvedSchema } from '../task/task-fold.ts';
import { compileCondition } from './compile-condition.ts';
import { deadLetterAt } from './dead-letter-at.ts';
import { EventClaims } from './event-claims.ts';
import { Undecodable } from './undecodable.ts';

/**
 * The records of one kind of event in a batch, decoded into columns. Entries are those of `batch`,
 * which holds only these records.
 */
export interface SourcePart {
  readonly plan: SourcePlan;
  /** Index in the plan's `sources`. */
  readonly source: number;
  readonly batch: RecordBatch;
  /** Index in the whole batch of record j of this part; null: the same. */
  readonly at: Int32Array | null;
  readonly columns: readonly FieldColumn[];
  /** Event time, milliseconds since the epoch. */
  readonly timesMs: Float64Array;
  /** 1: a tombstone, failed, or (after `filter`) filtered out. */
  readonly skip: Uint8Array;
  /** Decodes the whole event of record j. @throws Undecodable */
  readonly eventAt: (j: number) => unknown;
  /**
   * Calls a user's function for every record that is not skipped; if it throws, the record becomes
   * a dead letter (HANDLER_FAILED; the code of the cause if its event cannot be decoded).
   */
  readonly each: (deadLetters: DeadLetter[], what: string, call: (j: number) => void) => void;
}

/** A batch of one topic, decoded. Columns are valid until the next decode of the same topic. */
export interface DecodedBatch {
  readonly parts: readonly SourcePart[];
  /**
   * By index in the whole batch: the index in `parts`, and the record's index in that part (-1: no
   * source). Null: there is one part, and it is the whole batch.
   */
  readonly route: { readonly part: Int32Array; readonly within: Int32Array } | null;
  readonly deadLetters: DeadLetter[];
}

/** Dependencies of sources besides their plans. */
type SourceOptions = Pick<TaskFoldOptions, 'keys'> & {
  /** `nowMs`: for processing time; null: record timestamps are used instead. */
  readonly clock: Pick<TaskFoldOptions['clock'], 'nowMs'>;
};

const NO_KEYS: KeyRing = { keyOf: () => undefined };

/** The events of one topic that a plan names. */
interface Topic {
  readonly sources: readonly [Source, ...Source[]];
  readonly claims: EventClaims;
}

/**
 * All sources of a plan: determines the kind of each record, decodes, and computes event times and
 * filters. Ignores records of other events.
 */
export class TopicBatches {
  readonly #topics = new Map<string, Topic>();
  /** Schemas that are unavailable for the current batch. */
  readonly #missing = new Set<number>();

  constructor(plan: Pick<Plan, 'sources'>, { clock, keys = NO_KEYS }: SourceOptions) {
    const options = { nowMs: clock.nowMs, keys };
    const all = plan.sources.map((source, index) => new Source(source, index, options));
    for (const first of all) {
      const { topic } = first.plan.event;
      if (this.#topics.has(topic)) continue;
      const others = all.filter((each) => each !== first && each.plan.event.topic === topic);
      const claims = new EventClaims([first, ...others].map((each) => each.plan.event));
      this.#topics.set(topic, { sources: [first, ...others], claims });
    }
  }

  unresolvedSchemas(batch: RecordBatch): readonly UnresolvedSchema[] {
    const [first] = this.#topicOf(batch).sources;
    const event = first.plan.event;
    return first.unresolvedSchemaIds(batch).map((schemaId) => ({ event, schemaId }));
  }

  resolve(schemaId: number, schema: string | Error): void {
    if (schema instanceof Error) this.#missing.add(schemaId);
    for (const { sources, claims } of this.#topics.values()) {
      claims.resolve(schemaId, schema);
      for (const source of sources) source.resolve(schemaId, schema);
    }
  }

  /** True if record `i` is not one of the plan's events, as far as its schema is known. */
  isForeign(batch: RecordBatch, i: number): boolean {
    return this.#topicOf(batch).claims.ofRecord(batch, i) < 0;
  }

  /**
   * Decodes a batch, without filters. Unavailable schemas are forgotten afterwards: they may be
   * available for the next batch, and made-up ids must not accumulate.
   */
  decode(batch: RecordBatch): DecodedBatch {
    const decoded = this.#decodeParts(batch);
    for (const schemaId of this.#missing) {
      for (const { sources, claims } of this.#topics.values()) {
        claims.forget(schemaId);
        for (const source of sources) source.forget(schemaId);
      }
    }
    this.#missing.clear();
    return decoded;
  }

  #decodeParts(batch: RecordBatch): DecodedBatch {
    const { sources, claims } = this.#topicOf(batch);
    const deadLetters: DeadLetter[] = [];
    if (claims.areAllOfOne(batch)) {
      return { parts: [sources[0].decode(batch, null, deadLetters)], route: null, deadLetters };
    }
    const route = {
      part: new Int32Array(batch.count).fill(-1),
      within: new Int32Array(batch.count).fill(-1),
    };
    const members: number[][] = sources.map(() => []);
    for (let i = 0; i < batch.count; i += 1) {
      const found = claims.ofRecord(batch, i);
      if (found < 0) continue;
      route.part[i] = found;
      route.within[i] = (members[found] as number[]).length;
      members[found]?.push(i);
    }
    const parts = sources.map((source, s) => {
      const at = Int32Array.from(members[s] as number[]);
      return source.decode(pickRecords(batch, at), at, deadLetters);
    });
    return { parts, route, deadLetters };
  }

  /** Marks the records that `where` excludes. A record for which a function throws fails. */
  filter(decoded: DecodedBatch): void {
    for (const part of decoded.parts) {
      this.#topicOf(part.batch)
        .sources.find((source) => source.plan === part.plan)
        ?.filter(part, decoded.deadLetters);
    }
  }

  #topicOf(batch: RecordBatch): Topic {
    const topic = this.#topics.get(batch.topic);
    if (topic === undefined) throw new TypeError(`no source reads ${batch.topic}`);
    return topic;
  }
}

/** One source of a plan. */
class Source {
  readonly plan: SourcePlan;
  readonly #index: number;
  readonly #decoder;
  readonly #events;
  readonly #functions: readonly ((event: never) => boolean)[];
  readonly #checks;
  readonly #nowMs: (() => number) | null;

  constructor(
    plan: SourcePlan,
    index: number,
    { nowMs, keys }: { readonly nowMs: (() => number) | null; readonly keys: KeyRing },
  ) {
    this.plan = plan;
    this.#index = index;
    this.#nowMs = nowMs;
    this.#decoder = createOpeningFieldDecoder({ event: plan.event, fields: plan.fields }, keys);
    this.#events = createOpeningEventDecoder(plan.event, keys);
    this.#functions = plan.where.flatMap((filter) =>
      filter.kind === 'function' ? [filter.accepts] : [],
    );
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

  unresolvedSchemaIds(batch: RecordBatch): readonly number[] {
    return this.#decoder.unresolvedSchemaIds(batch);
  }

  resolve(schemaId: number, schema: string | Error): void {
    this.#decoder.resolve(schemaId, schema);
    this.#events.resolve(schemaId, schema);
  }

  forget(schemaId: number): void {
    this.#decoder.forget(schemaId);
    this.#events.forget(schemaId);
  }

  decode(batch: RecordBatch, at: Int32Array | null, deadLetters: DeadLetter[]): SourcePart {
    const decoded = this.#decoder.decode(batch);
    const skip = decoded.absent?.slice(0, batch.count) ?? new Uint8Array(batch.count);
    if (batch.unreadable !== null) {
      const { code, message } = batch.unreadable;
      for (let i = 0; i < batch.count; i += 1) {
        deadLetters.push(deadLetterAt(batch, i, code, message));
      }
    }
    if (this.plan.refusesTombstones === true && batch.unreadable === null) {
      refuseTombstones(batch, deadLetters);
    }
    for (const { index, error } of decoded.failures) {
      skip[index] = 1;
      const code = isRepriseError(error) ? error.code : 'DECODE_FAILED';
      deadLetters.push(deadLetterAt(batch, index, code, error.message));
    }
    const events = this.#events;
    return {
      each: (letters, what, call) => eachRecord({ batch, skip }, { letters, what }, call),
      plan: this.plan,
      source: this.#index,
      batch,
      at,
      columns: decoded.columns,
      timesMs: this.#times(batch, decoded),
      skip,
      eventAt: (j) => {
        try {
          return events.decode(batch.bytes.subarray(batch.valueStart[j], batch.valueEnd[j]));
        } catch (error) {
          throw new Undecodable(error);
        }
      },
    };
  }

  filter(part: SourcePart, deadLetters: DeadLetter[]): void {
    const { batch, skip, columns } = part;
    for (const { fieldIndex, check } of this.#checks) {
      check(columns[fieldIndex] as FieldColumn, batch.count, skip);
    }
    if (this.#functions.length === 0) return;
    part.each(deadLetters, 'where(…)', (i) => {
      const event = part.eventAt(i) as never;
      if (!this.#functions.every((accepts) => accepts(event))) skip[i] = 1;
    });
  }

  /** Returns the event times by the plan; the record timestamp if the field is null. */
  #times(batch: RecordBatch, decoded: FieldColumns): Float64Array {
    const { time, fields } = this.plan;
    if (time.kind === 'processing' && this.#nowMs !== null) {
      return new Float64Array(batch.count).fill(this.#nowMs());
    }
    if (time.kind !== 'field') return batch.timestampsMs;
    const column = decoded.columns[fields.indexOf(time.field)];
    if (column?.kind !== 'number' && column?.kind !== 'long') {
      throw new TypeError(`${time.field} is not a time`);
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

/**
 * Converts microseconds to whole milliseconds, rounded down. Quotients of safe integers never round
 * up to the next integer.
 */
function millisOf(micros: number | bigint): number {
  return typeof micros === 'number'
    ? Math.floor(micros / 1000)
    : Number((micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n);
}

function refuseTombstones(batch: RecordBatch, deadLetters: DeadLetter[]): void {
  for (let i = 0; i < batch.count; i += 1) {
    if ((batch.valueStart[i] as number) >= 0) continue;
    const place = `${batch.topic}[${batch.partition}]@${batch.offsets[i]}`;
    const message = `${place}: it is a tombstone, which .onTombstone('refuse') does not let pass.`;
    deadLetters.push(deadLetterAt(batch, i, 'TOMBSTONE', message));
  }
}

function eachRecord(
  { batch, skip }: Pick<SourcePart, 'batch' | 'skip'>,
  { letters, what }: { readonly letters: DeadLetter[]; readonly what: string },
  call: (j: number) => void,
): void {
  for (let j = 0; j < batch.count; j += 1) {
    if (skip[j] === 1) continue;
    try {
      call(j);
    } catch (error) {
      skip[j] = 1;
      const place = `${batch.topic}[${batch.partition}]@${batch.offsets[j]}`;
      const message = `${place}: ${what} failed: ${(error as Error).message}.`;
      const code = error instanceof Undecodable ? error.code : 'HANDLER_FAILED';
      letters.push(deadLetterAt(batch, j, code, message));
    }
  }
}
