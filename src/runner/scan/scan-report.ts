import type { Position } from '../../log/event-log.ts';
import type { ProjectionReference } from '../../projection/plan/declared-projections.ts';

/** Progress of a scan. `etaSeconds` is null until a rate is known. */
export interface ScanProgress {
  readonly records: number;
  readonly totalRecords: number;
  readonly recordsPerSecond: number;
  readonly etaSeconds: number | null;
}

/** Options of a scan. */
export interface ScanOptions {
  /**
   * Scan only for this projection, and only its topics. Default: all projections and events of the
   * configuration.
   */
  readonly projection?: ProjectionReference;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ScanProgress) => void;
}

/** Records of a schema in one partition. */
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
  /** Error code and message of the first one. */
  readonly reason: string;
  readonly message: string;
}

/** Result of a scan for one schema on one topic. */
export interface ScannedSchema {
  readonly topic: string;
  /** Null: the values name no schema. */
  readonly schemaId: number | null;
  /** Full name of its record; null: the registry does not have the schema. */
  readonly record: string | null;
  readonly records: bigint;
  readonly partitions: readonly ScannedPartition[];
  /** By projection. Empty: every projection that reads the topic can read them. */
  readonly unreadable: readonly UnreadableRecords[];
  /** Present if no projection that reads the topic names the event: all ignore its records. */
  readonly isPassedOver?: true;
}

/** Result of a scan. Check it before a rebuild. */
export interface ScanReport {
  readonly records: bigint;
  readonly tombstones: bigint;
  readonly schemas: readonly ScannedSchema[];
  readonly isReadable: boolean;
  readonly seconds: number;
}
