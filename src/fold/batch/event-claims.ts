import { claimsRecord, schemaIdAt } from '../../avro/decode/claims-record.ts';
import type { EventDefinition } from '../../event/event-definition.ts';
import type { RecordBatch } from '../../log/record-batch.ts';

/** The index of no event: a record that is passed over. */
const FOREIGN = -1;

/**
 * Tells which of the named events of a topic each record is, by the record name of its writer
 * schema (semantics.md, which records count). Records that name no schema, tombstones among them,
 * are the first event's; so is every record of a JSON or raw topic, which has one event.
 */
export class EventClaims {
  readonly #events: readonly EventDefinition[];
  /** By schema id: an index in the events, or FOREIGN. */
  readonly #bySchema = new Map<number, number>();
  #foreign = 0;

  /** @param events those that a projection names of one topic, at least one */
  constructor(events: readonly EventDefinition[]) {
    this.#events = events;
  }

  /**
   * Gives a writer schema, or why there is none: its records are then the first event's, to be
   * reported.
   */
  resolve(schemaId: number, schema: string | Error): void {
    this.forget(schemaId);
    const claimant =
      schema instanceof Error ? 0 : this.#events.findIndex((event) => claimsRecord(event, schema));
    this.#bySchema.set(schemaId, claimant);
    if (claimant === FOREIGN) this.#foreign += 1;
  }

  /** Takes `resolve` back. */
  forget(schemaId: number): void {
    if (this.#bySchema.get(schemaId) === FOREIGN) this.#foreign -= 1;
    this.#bySchema.delete(schemaId);
  }

  /** The index of the event that a schema's records are, among those named; -1: none of them. */
  ofSchema(schemaId: number): number {
    return this.#bySchema.get(schemaId) ?? 0;
  }

  /** The index of the event that record `i` is, among those named; -1: none of them. */
  ofRecord(batch: RecordBatch, i: number): number {
    if (this.#events[0]?.format !== 'avro') return 0;
    const schemaId = schemaIdAt(batch, i);
    return schemaId < 0 ? 0 : this.ofSchema(schemaId);
  }

  /**
   * Whether every record of a batch is the only event named. Costs nothing until the topic has
   * shown another one.
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
