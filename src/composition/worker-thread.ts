import { Worker } from 'node:worker_threads';
import { RepriseError } from '../reprise-error.ts';
import type { ReplayHooks, ReplayOrder } from '../runner/rebuild/replayer.ts';
import { unpackError } from './packed-error.ts';
import type { FromWorker, ToWorker, WorkerSetting } from './worker-messages.ts';

/** A thread that has not closed its connections after this time is terminated. Milliseconds. */
const CLOSE_WITHIN_MS = 10_000;

interface Order {
  readonly onRecords: ReplayHooks['onRecords'];
  readonly settle: (error: Error | null) => void;
}

/**
 * A worker thread of a rebuild, as its starter sees it; see `rebuild-worker.ts` for its states. If
 * it ends unexpectedly, its orders fail with WORKER_FAILED.
 */
export class WorkerThread {
  /** Resolves when the thread accepts orders. @throws the reason if it cannot */
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #orders = new Map<number, Order>();
  #lastId = 0;
  #failure: RepriseError | null = null;

  constructor(setting: WorkerSetting) {
    this.#worker = startWorker(setting);
    this.ready = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') resolve();
        else if (message.kind === 'refused') reject(unpackError(message.error));
        else if (message.kind === 'closed') void this.#worker.terminate();
        else this.#hear(message);
      });
      this.#worker.once('error', (error: unknown) => reject(this.#fail(error)));
      this.#worker.once('exit', (code) => reject(this.#fail(new Error(`exit code ${code}`))));
    });
    this.ready.catch(() => undefined); // reported to the callers that await it
    this.#ended = new Promise((resolve) => void this.#worker.once('exit', () => resolve()));
  }

  /** Replays in that thread, as `Replayer.replay`. */
  async replay(order: ReplayOrder, { signal, onRecords }: ReplayHooks): Promise<void> {
    signal.throwIfAborted();
    if (this.#failure !== null) throw this.#failure;
    this.#lastId += 1;
    const id = this.#lastId;
    const cancel = () => this.#tell({ kind: 'cancel', id });
    signal.addEventListener('abort', cancel, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        const settle = (error: Error | null) => (error === null ? resolve() : reject(error));
        this.#orders.set(id, { onRecords, settle });
        this.#tell({ kind: 'replay', id, order });
      });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#orders.delete(id);
    }
  }

  /**
   * Lets the thread close its connections, and ends it. A thread that never accepted orders has no
   * connections.
   */
  async close(): Promise<void> {
    const isOpen = await this.ready.then(
      () => true,
      () => false,
    );
    if (!isOpen) {
      await this.#worker.terminate();
      return;
    }
    this.#tell({ kind: 'close' });
    const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_WITHIN_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  #hear(message: Extract<FromWorker, { readonly id: number }>): void {
    const order = this.#orders.get(message.id);
    if (message.kind === 'records') {
      for (const [projection, records] of message.records) order?.onRecords(projection, records);
    } else order?.settle(message.kind === 'done' ? null : unpackError(message.error));
  }

  #fail(reason: unknown): RepriseError {
    this.#failure ??= workerFailed(reason instanceof Error ? reason : new Error(String(reason)));
    for (const { settle } of this.#orders.values()) settle(this.#failure);
    return this.#failure;
  }

  #tell(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}

function workerFailed(cause: Error & { readonly code?: unknown }): RepriseError {
  const remedy =
    cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
      ? 'Give each thread a larger heap (NODE_OPTIONS=--max-old-space-size=MEGABYTES), or use fewer workers.'
      : 'Something in the configuration or its projections ended the thread or threw an uncaught error: see the cause.';
  return new RepriseError(
    'WORKER_FAILED',
    `A worker thread of the rebuild ended unexpectedly: ${cause.message}. ${remedy} What was committed is kept: the same command resumes there; with --workers 1, in one thread.`,
    { cause },
  );
}

/**
 * Starts the thread of the built package. From the sources, starts a thread that first registers
 * tsx, however this thread did.
 */
function startWorker(setting: WorkerSetting): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./rebuild-worker.js', import.meta.url), { workerData: setting });
  }
  const tsx = import.meta.resolve('tsx/esm/api');
  const entry = new URL('./rebuild-worker.ts', import.meta.url).href;
  const script = `import { register } from '${tsx}'; register(); await import('${entry}');`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
    workerData: setting,
    execArgv: [],
  });
}
