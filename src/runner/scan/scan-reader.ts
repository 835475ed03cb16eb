import type { KeyRing } from '../../avro/pii/pii-envelope.ts';
import { type SourcePart, TopicBatches } from '../../fold/batch/topic-batches.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { isRepriseError } from '../../reprise-error.ts';
import type { SchemaCounts } from './schema-counts.ts';

/**
 * Reads values of `pii` fields as redacted: whether a schema can be read does not depend on data
 * keys.
 */
const ALL_FORGOTTEN: KeyRing = { keyOf: () => 'forgotten' };

/** Checks whether one projection can read records. */
export class ScanReader {
  readonly #plan: Plan;
  readonly #batches: TopicBatches;
  readonly #topics: ReadonlySet<string>;
  /**
   * By source and schema id: why whole events of the schema cannot be read; null: they can be read.
   */
  readonly #whole = new Map<string, Error | null>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#batches = new TopicBatches(plan, { clock: { nowMs: null }, keys: ALL_FORGOTTEN });
    this.#topics = new Set(plan.sources.map(({ event }) => event.topic));
  }

  reads(topic: string): boolean {
    return this.#topics.has(topic);
  }

  resolve(schemaId: number, schema: string | Error): void {
    this.#batches.resolve(schemaId, schema);
  }

  /** Whether record `i` is not an event of the projection, which then ignores it. */
  isForeign(batch: RecordBatch, i: number): boolean {
    return this.#batches.isForeign(batch, i);
  }

  /**
   * Decodes a batch as the projection would, and counts failures. `ids[i]`: schema id of record
   * `i`.
   */
  check(batch: RecordBatch, ids: Float64Array, counts: SchemaCounts): void {
    const { parts, deadLetters } = this.#batches.decode(batch);
    if (deadLetters.length > 0) {
      const indexes = new Map(
        Array.from({ length: batch.count }, (_, index) => [batch.offsets[index], index]),
      );
      for (const { offset, reason, message } of deadLetters) {
        const index = indexes.get(Number(offset)) as number;
        counts.refuse(batch, ids[index] as number, { ...this.#named(), reason, message, index });
      }
    }
    for (const part of parts) {
      if (this.#readsWhole(part)) this.#checkWhole(part, batch, { ids, counts });
    }
  }

  /**
   * Reads the first whole event of each schema. A later failure would concern a record, not its
   * schema, and decoding the columns has found it.
   */
  #checkWhole(
    part: SourcePart,
    batch: RecordBatch,
    { ids, counts }: { readonly ids: Float64Array; readonly counts: SchemaCounts },
  ): void {
    for (let j = 0; j < part.batch.count; j += 1) {
      if (part.skip[j] === 1) continue;
      const index = part.at?.[j] ?? j;
      const id = ids[index] as number;
      const key = `${part.source} ${id}`;
      let fault = this.#whole.get(key);
      if (fault === undefined) {
        fault = wholeEventFault(part, j);
        this.#whole.set(key, fault);
      }
      if (fault === null) continue;
      const reason = isRepriseError(fault) ? fault.code : 'DECODE_FAILED';
      counts.refuse(batch, id, { ...this.#named(), reason, message: fault.message, index });
    }
  }

  /**
   * Whether user functions may receive whole events; otherwise only named fields are read, as
   * columns.
   */
  #readsWhole({ plan }: SourcePart): boolean {
    return (
      this.#plan.kind === 'table' ||
      this.#plan.kind === 'pattern' ||
      plan.where.some(({ kind }) => kind === 'function')
    );
  }

  #named() {
    return { projection: this.#plan.name, version: this.#plan.version };
  }
}

function wholeEventFault(part: SourcePart, j: number): Error | null {
  try {
    part.eventAt(j);
    return null;
  } catch (error) {
    return error as Error;
  }
}
