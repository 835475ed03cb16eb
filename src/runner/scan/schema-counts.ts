import { fullNameOf } from '../../avro/schema/names-used.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { isRepriseError } from '../../reprise-error.ts';
import type { ScannedPartition, ScannedSchema, UnreadableRecords } from './scan-report.ts';

interface Counted {
  readonly topic: string;
  readonly schemaId: number | null;
  records: bigint;
  readonly partitions: Map<number, ScannedPartition>;
  isPassedOver: boolean;
  /** By projection. */
  readonly unreadable: Map<string, UnreadableRecords>;
}

/** Records that one projection cannot read, as the scan finds them. */
export interface Unread
  extends Pick<UnreadableRecords, 'projection' | 'version' | 'reason' | 'message'> {
  /** Index of the record in the batch. */
  readonly index: number;
}

/** Counts of a scan so far, by topic and schema id. */
export class SchemaCounts {
  tombstones = 0n;
  readonly #counted = new Map<string, Counted>();

  /**
   * Counts a record. @param schemaId -1: the value names none @param isPassedOver every projection
   * that reads the topic ignores it
   */
  add(
    batch: RecordBatch,
    index: number,
    { schemaId, isPassedOver }: { readonly schemaId: number; readonly isPassedOver: boolean },
  ): void {
    if ((batch.valueStart[index] as number) < 0) {
      this.tombstones += 1n;
      return;
    }
    const counted = this.#of(batch.topic, schemaId);
    const offset = BigInt(batch.offsets[index] as number);
    const { partition } = batch;
    const before = counted.partitions.get(partition);
    counted.records += 1n;
    counted.isPassedOver = isPassedOver;
    counted.partitions.set(partition, {
      partition,
      records: (before?.records ?? 0n) + 1n,
      firstOffset: before?.firstOffset ?? offset,
      lastOffset: offset,
    });
  }

  /** Counts a record that a projection cannot read. */
  refuse(batch: RecordBatch, schemaId: number, unread: Unread): void {
    const counted = this.#of(batch.topic, schemaId);
    const { projection, version, reason, message, index } = unread;
    const before = counted.unreadable.get(projection);
    const first = before?.first ?? {
      topic: batch.topic,
      partition: batch.partition,
      offset: BigInt(batch.offsets[index] as number),
    };
    counted.unreadable.set(projection, {
      projection,
      version,
      reason: before?.reason ?? reason,
      message: before?.message ?? message,
      first,
      records: (before?.records ?? 0n) + 1n,
    });
  }

  /**
   * Returns the counts, ordered by topic and id. `texts`: by id, the schema or the error why it is
   * unknown.
   */
  finished(texts: ReadonlyMap<number, string | Error>): readonly ScannedSchema[] {
    return [...this.#counted.values()]
      .map(({ topic, schemaId, records, partitions, unreadable, isPassedOver }) => ({
        topic,
        schemaId,
        record: schemaId === null ? null : nameIn(texts.get(schemaId)),
        records,
        partitions: [...partitions.values()].sort((a, b) => a.partition - b.partition),
        unreadable: [...unreadable.values()],
        ...(isPassedOver && { isPassedOver }),
      }))
      .sort((a, b) => a.topic.localeCompare(b.topic) || (a.schemaId ?? -1) - (b.schemaId ?? -1));
  }

  #of(topic: string, schemaId: number): Counted {
    const key = `${schemaId} ${topic}`;
    const known = this.#counted.get(key);
    if (known !== undefined) return known;
    const counted = {
      topic,
      schemaId: schemaId < 0 ? null : schemaId,
      records: 0n,
      partitions: new Map<number, ScannedPartition>(),
      isPassedOver: false,
      unreadable: new Map<string, UnreadableRecords>(),
    };
    this.#counted.set(key, counted);
    return counted;
  }
}

function nameIn(text: string | Error | undefined): string | null {
  if (typeof text !== 'string') return null;
  try {
    return fullNameOf(text, 'a schema');
  } catch (error) {
    if (isRepriseError(error, 'SCHEMA_INVALID')) return null;
    throw error;
  }
}
