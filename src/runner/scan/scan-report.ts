import type { Position } from '../../log/event-log.ts';
import type { ProjectionReference } from '../../projection/plan/declared-projections.ts';

/** How far a scan has come. `etaSeconds` is null before a rate is known. */
export interface ScanProgress {
  readonly records: number;
  readonly totalRecords: number;
  readonly recordsPerSecond: number;
  readonly etaSeconds: number | null;
}

/** How to scan. */
export interface ScanOptions {
  /**
   * Only for this projection, and only its topics. Default: all projections and events of the
   * configuration.
   */
  readonly projection?: ProjectionReference;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ScanProgress) => void;
}

/** Where a schema's records lie in a partition. */
export interface ScannedPartition {
  readonly partition: number;
  readonly records: bigint;
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
}

/** Records of a schema that a projection cannot read. */
export interface UnreadableRecords {
  readonly projection: string;
  readonly version: number;
  readonly records: bigint;
  readonly first: Position;
  /** Error code and message of the first. */
  readonly reason: string;
  readonly message: string;
}

/** What a scan found of one schema on one topic. */
export interface ScannedSchema {
  readonly topic: string;
  /** Null: values that name no schema. */
  readonly schemaId: number | null;
  /** Full name of its record; null where the registry has none. */
  readonly record: string | null;
  readonly records: bigint;
  readonly partitions: readonly ScannedPartition[];
  /** By projection; empty: all that read the topic can read them. */
  readonly unreadable: readonly UnreadableRecords[];
  /**
   * Given where none of the projections that read the topic names the event: they pass its records
   * over.
   */
  readonly isPassedOver?: true;
}

/** What a scan found: the gate before a rebuild. */
export interface ScanReport {
  readonly records: bigint;
  readonly tombstones: bigint;
  readonly schemas: readonly ScannedSchema[];
  readonly isReadable: boolean;
  readonly seconds: number;
}
