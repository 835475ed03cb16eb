import type { ProjectionVersion } from '../store/projection-version.ts';

/**
 * How far a rebuild has come. `etaSeconds` is null outside the replay and before a rate is known.
 */
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
   * The file whose default export is this application's configuration, as a path or a `file:` URL:
   * a thread cannot be handed projection classes, so each loads them.
   */
  readonly configFile: string | URL;
  /**
   * With the thread that calls; never more than there are partitions. Default: `rebuildWorkers` of
   * the configuration; without it as many as the machine has cores, and 1 for a short log.
   */
  readonly count?: number;
}

/** How to rebuild. */
export interface RebuildOptions {
  readonly signal?: AbortSignal;
  /** Told a few times a second for each projection, and at each new phase. */
  readonly onProgress?: (progress: RebuildProgress) => void;
  /**
   * Replay from the first record that is still there when the log no longer starts at offset 0.
   * Default false: DATA_LOSS.
   */
  readonly acceptDataLoss?: boolean;
  /**
   * Only the records before the first one, in each partition, whose timestamp is this or later; the
   * version is frozen then.
   */
  readonly asOf?: Date;
  /** Shares the partitions between threads. Default: this thread replays them all. */
  readonly workers?: RebuildWorkers;
}

/** What a finished rebuild did. */
export interface RebuildReport extends ProjectionVersion {
  readonly records: number;
  readonly rows: bigint;
  readonly seconds: number;
}
