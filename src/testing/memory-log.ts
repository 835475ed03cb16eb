import { createEventEncoder } from '../avro/decode/event-encoder.ts';
import type { EventDefinition } from '../event/event-definition.ts';
import { recordKeyOf, recordTimeOf } from '../event/record-key-of.ts';
import { partitionFor } from '../log/partition-for.ts';
import { withDates } from './with-dates.ts';

/** A record of a log in memory. */
export interface MemoryRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  /** The encoded value; null: a tombstone. */
  readonly value: Buffer | null;
}

/** Partition and timestamp of a published event. */
export interface PublishPlace {
  /** Default: by the record key, as in Kafka's clients; 0 without a key. */
  readonly partition?: number;
  /**
   * Record timestamp, a Date or milliseconds. Default: the event's time field, otherwise one second
   * after the previous record.
   */
  readonly timestamp?: Date | number;
}

/** A log in memory: encodes events as production does and assigns them to partitions. */
export class MemoryLog {
  readonly #partitions: number;
  readonly #schemas: {
    readonly event: EventDefinition;
    readonly encode: (value: unknown) => Buffer;
  }[] = [];
  readonly #ends = new Map<string, number>();
  #lastMs = 0;

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  /** Returns the schema of the values with this id. */
  readonly schemaById = (schemaId: number): string =>
    this.#schemas[schemaId - 1]?.event.schemaText ?? '';

  /** Encodes an event and appends it. @throws ENCODE_FAILED */
  append(event: EventDefinition, given: unknown, place: PublishPlace): MemoryRecord {
    const value = withDates(event, given);
    const key = recordKeyOf(event, value);
    const timestamp = place.timestamp ?? recordTimeOf(event, value);
    const encoded = this.#encode(event, value);
    return this.#write(
      event.topic,
      { key, value: encoded },
      { ...place, ...(timestamp !== undefined && { timestamp }) },
    );
  }

  /** Appends a tombstone to a topic. */
  appendTombstone(topic: string, key: string | null, place: PublishPlace): MemoryRecord {
    return this.#write(topic, { key: key === null ? null : Buffer.from(key), value: null }, place);
  }

  #write(
    topic: string,
    { key, value }: Pick<MemoryRecord, 'key' | 'value'>,
    place: PublishPlace,
  ): MemoryRecord {
    const timestampMs = Number(place.timestamp ?? this.#lastMs + 1_000);
    this.#lastMs = timestampMs;
    const partition = place.partition ?? partitionFor(key, this.#partitions, 0);
    if (!(partition >= 0 && partition < this.#partitions)) {
      throw new RangeError(
        `There is no partition ${partition}; the scenario has ${this.#partitions}.`,
      );
    }
    const end = `${topic}/${partition}`;
    const offset = this.#ends.get(end) ?? 0;
    this.#ends.set(end, offset + 1);
    return { topic, partition, offset, timestampMs, key, value };
  }

  #encode(event: EventDefinition, value: unknown): Buffer {
    let found = this.#schemas.find((schema) => schema.event === event);
    if (found === undefined) {
      const id = this.#schemas.length + 1;
      const encoder = createEventEncoder(event);
      found = { event, encode: (each) => encoder.encode(each, id) };
      this.#schemas.push(found);
    }
    return found.encode(value);
  }
}
