import type { LogPosition } from '../../log/log-position.ts';
import type { RebuildProgress } from '../rebuild/rebuild-report.ts';
import type { ProjectionVersion } from '../store/projection-version.ts';

/** How to verify. */
export interface VerifyOptions {
  /** A stored version of the same shape. Default: the declared one. */
  readonly against?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** As in `RebuildOptions`. */
  readonly acceptDataLoss?: boolean;
}

/** Records of a partition, `[fromOffset, untilOffset)`. */
export interface LogRange {
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: bigint;
  readonly untilOffset: bigint;
}

/** A row that is not what a replay gives. */
export interface RowDifference {
  readonly table: string;
  readonly partition: number;
  readonly key: Readonly<Record<string, unknown>>;
  /** `missing`: only the replay has it; `surplus`: only the live table. */
  readonly kind: 'missing' | 'surplus' | 'different';
  /** Columns that differ, hidden ones included. */
  readonly columns: readonly {
    readonly name: string;
    readonly live: unknown;
    readonly replayed: unknown;
  }[];
  /**
   * The first records that the row comes from, by its key and the times that it covers: topic by
   * topic, in their order, at most twenty. Empty for a row that no record is for.
   */
  readonly records: readonly LogPosition[];
  /** Where in each topic all of these records lie. */
  readonly ranges: readonly LogRange[];
}

/** What a verification found. */
export interface VerifyReport extends ProjectionVersion {
  readonly records: number;
  readonly rows: bigint;
  /** 0: equal to the byte. */
  readonly differentRows: number;
  /** The first of them, at most ten for each table. */
  readonly differences: readonly RowDifference[];
  /** Up to where the log was replayed. */
  readonly offsets: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly nextOffset: bigint;
  }[];
  readonly seconds: number;
}

/** What a repair did. */
export interface RepairReport extends ProjectionVersion {
  readonly records: number;
  /** Rows that were not what a replay gives, and are now. */
  readonly rowsReplaced: number;
  readonly seconds: number;
}
