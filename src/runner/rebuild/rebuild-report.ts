import type { ProjectionVersion } from '../store/projection-version.ts';

/** Progress of a rebuild. `etaSeconds` is null outside the replay and until a rate is known. */
export interface RebuildProgress extends ProjectionVersion {
  readonly phase: 'replay' | 'merge' | 'index' | 'done';
  readonly records: number;
  readonly totalRecords: number;
  readonly recordsPerSecond: number;
  readonly etaSeconds: number | null;
}

/** Threads that share a rebuild. */
export interface RebuildWorkers {
  /**
   * The file whose default export is this application's configuration, as a path or a `file:` URL.
   * Projection classes cannot be passed to a thread, so each thread loads them from this file.
   */
  readonly configFile: string | URL;
  /**
   * Number of threads, including the calling one; at most the number of partitions. Default:
   * `rebuildWorkers` of the configuration; if that is not set, the number of cores, and 1 for a
   * short log.
   */
  readonly count?: number;
}

/** Options of a rebuild. */
export interface RebuildOptions {
  readonly signal?: AbortSignal;
  /** Called a few times a second for each projection, and at each new phase. */
  readonly onProgress?: (progress: RebuildProgress) => void;
  /**
   * Replay from the first record that still exists when the log no longer starts at offset 0.
   * Default false: DATA_LOSS.
   */
  readonly acceptDataLoss?: boolean;
  /**
   * Replay, in each partition, only the records before the first one whose timestamp is this or
   * later. The version is then frozen.
   */
  readonly asOf?: Date;
  /** Shares the partitions among threads. Default: this thread replays them all. */
  readonly workers?: RebuildWorkers;
}

/** Result of a finished rebuild. */
export interface RebuildReport extends ProjectionVersion {
  readonly records: number;
  readonly rows: bigint;
  readonly seconds: number;
}
