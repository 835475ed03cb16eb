import type { ResolvedConfig } from '../config/reprise-config.ts';
import type { ReplayOrder } from '../runner/rebuild/replayer.ts';
import type { PackedError } from './packed-error.ts';

/** What a worker thread of a rebuild is given when it starts. */
export interface WorkerSetting {
  /** Path of the file whose default export is the configuration. */
  readonly configFile: string;
  /** What the application has decided already, whatever that file says. */
  readonly decided: Pick<ResolvedConfig, 'registry' | 'onError' | 'logLevel' | 'leaseMs'>;
  /** Short lines in the log, for people: a thread cannot see whether there is a terminal. */
  readonly isPretty: boolean;
  readonly databaseUrl: string;
  /** The log that the application reads, as `EventLog.identity` names it. */
  readonly logIdentity: string;
  /** What is rebuilt. */
  readonly plans: readonly {
    readonly name: string;
    readonly version: number;
    readonly fingerprint: string;
  }[];
  /** In whose name tasks are owned. */
  readonly builder: string;
}

/** To the worker: replay a partition; give an order up; close, once none is under way. */
export type ToWorker =
  | { readonly kind: 'replay'; readonly id: number; readonly order: ReplayOrder }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'close' };

/**
 * From the worker: it takes orders, or says why it cannot; it has closed its connections; of an
 * order: records replayed since the last message, by projection, done, or failed.
 */
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly error: PackedError }
  | { readonly kind: 'closed' }
  | {
      readonly kind: 'records';
      readonly id: number;
      readonly records: ReadonlyMap<string, number>;
    }
  | { readonly kind: 'done'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly error: PackedError };
