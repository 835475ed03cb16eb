import { claimsRecord, schemaIdAt } from '../../avro/decode/claims-record.ts';
import type { EventDefinition } from '../../event/event-definition.ts';
import type { RecordBatch } from '../../log/record-batch.ts';

/** Index for records of no named event: they are ignored. */
const FOREIGN = -1;

/**
 * Determines which of the named events of a topic each record is, by the record name of its writer
 * schema (semantics.md, which records count). Records without a schema, including tombstones,
 * belong to the first event; so does every record of a JSON or raw topic, which has one event.
 */
export class EventClaims {
  readonly #events: readonly EventDefinition[];
  /** By schema id: an index in the events, or FOREIGN. */
  readonly #bySchema = new Map<number, number>();
  #foreign = 0;

  /** @param events the events of one topic that a projection names, at least one */
  constructor(events: readonly EventDefinition[]) {
    this.#events = events;
  }

  /**
   * Sets a writer schema, or the error of an unavailable one: its records then belong to the first
   * event, which reports them.
   */
  resolve(schemaId: number, schema: string | Error): void {
    this.forget(schemaId);
    const claimant =
      schema instanceof Error ? 0 : this.#events.findIndex((event) => claimsRecord(event, schema));
    this.#bySchema.set(schemaId, claimant);
    if (claimant === FOREIGN) this.#foreign += 1;
  }

  /** Removes what `resolve` set for an id. */
  forget(schemaId: number): void {
    if (this.#bySchema.get(schemaId) === FOREIGN) this.#foreign -= 1;
    this.#bySchema.delete(schemaId);
  }

  /** Returns the index of the named event that records of a schema belong to; -1: none. */
  ofSchema(schemaId: number): number {
    return this.#bySchema.get(schemaId) ?? 0;
  }

  /** Returns the index of the named event that record `i` belongs to; -1: none. */
  ofRecord(batch: RecordBatch, i: number): number {
    if (this.#events[0]?.format !== 'avro') return 0;
    const schemaId = schemaIdAt(batch, i);
    return schemaId < 0 ? 0 : this.ofSchema(schemaId);
  }

  /**
   * True if every record of a batch is of the only named event. Free until the topic has shown
   * another event.
   */
  areAllOfOne(batch: RecordBatch): boolean {
    if (this.#events.length > 1) return false;
    if (this.#foreign === 0 || this.#events[0]?.format !== 'avro') return true;
    let last = -1;
    for (let i = 0; i < batch.count; i += 1) {
      const schemaId = schemaIdAt(batch, i);
      if (schemaId === last || schemaId < 0) continue;
      if (this.ofSchema(schemaId) === FOREIGN) return false;
      last = schemaId;
    }
    return true;
  }
}
