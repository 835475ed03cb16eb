import type { LogPosition } from '../../log/log-position.ts';
import type { RebuildProgress } from '../rebuild/rebuild-report.ts';
import type { ProjectionVersion } from '../store/projection-version.ts';

/** Options of a verification. */
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

/** A row that differs from the replay. */
export interface RowDifference {
  readonly table: string;
  readonly partition: number;
  readonly key: Readonly<Record<string, unknown>>;
  /** `missing`: only the replay has it; `surplus`: only the live table has it. */
  readonly kind: 'missing' | 'surplus' | 'different';
  /** Columns that differ, including hidden ones. */
  readonly columns: readonly {
    readonly name: string;
    readonly live: unknown;
    readonly replayed: unknown;
  }[];
  /**
   * The first records of the row, by its key and the times that it covers: topic by topic, in their
   * order, at most twenty. Empty: no record belongs to the row.
   */
  readonly records: readonly LogPosition[];
  /** The range of all these records in each topic. */
  readonly ranges: readonly LogRange[];
}

/** Result of a verification. */
export interface VerifyReport extends ProjectionVersion {
  readonly records: number;
  readonly rows: bigint;
  /** 0: equal to the byte. */
  readonly differentRows: number;
  /** The first of them, at most ten for each table. */
  readonly differences: readonly RowDifference[];
  /** The offsets up to which the log was replayed. */
  readonly offsets: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly nextOffset: bigint;
  }[];
  readonly seconds: number;
}

/** Result of a repair. */
export interface RepairReport extends ProjectionVersion {
  readonly records: number;
  /** Number of rows that differed from the replay and were replaced. */
  readonly rowsReplaced: number;
  readonly seconds: number;
}
