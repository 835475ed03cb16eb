import type { ResolvedConfig } from '../config/reprise-config.ts';
import type { ReplayOrder } from '../runner/rebuild/replayer.ts';
import type { PackedError } from './packed-error.ts';

/** What a worker thread of a rebuild receives when it starts. */
export interface WorkerSetting {
  /** Path of the file whose default export is the configuration. */
  readonly configFile: string;
  /** Settings of the application that override the file. */
  readonly decided: Pick<ResolvedConfig, 'registry' | 'onError' | 'logLevel' | 'leaseMs'>;
  /** Short log lines for a terminal: a thread cannot detect whether there is one. */
  readonly isPretty: boolean;
  readonly databaseUrl: string;
  /** The log that the application reads, as `EventLog.identity` names it. */
  readonly logIdentity: string;
  /** The projection versions to rebuild. */
  readonly plans: readonly {
    readonly name: string;
    readonly version: number;
    readonly fingerprint: string;
  }[];
  /** Owner of the tasks. */
  readonly builder: string;
}

/**
 * Messages to the worker: replay a partition; cancel an order; close, once no order is in progress.
 */
export type ToWorker =
  | { readonly kind: 'replay'; readonly id: number; readonly order: ReplayOrder }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'close' };

/**
 * Messages from the worker: it accepts orders, or why it cannot; it has closed its connections;
 * about an order: records replayed since the last message, by projection, done, or failed.
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
