import pg from 'pg';
import { onAbort } from '../../concurrency/on-abort.ts';
import { WAKE_UP_CHANNEL } from './appender.ts';

const RECONNECT_MS = 1_000;

/**
 * Receives commit notifications through LISTEN, on its own connection (connections of a pool change
 * owners). States: idle → connecting → listening → (connection lost) waiting → connecting … →
 * closed. Readers also poll, so a lost notification delays them but loses nothing.
 */
export class WakeUps {
  readonly #url: string;
  readonly #waiting = new Set<() => void>();
  #heard = 0;
  #client: pg.Client | null = null;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(url: string) {
    this.#url = url;
  }

  /**
   * Counter of notifications: read it before looking for records, and pass it to {@link waitBeyond}
   * if there are none.
   */
  get heard(): number {
    return this.#heard;
  }

  /** Starts listening; repeated calls do nothing. */
  listen(): void {
    if (this.#client !== null || this.#closed || this.#retry !== undefined) return;
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'reprise log wake-ups',
    });
    this.#client = client;
    client.on('notification', () => this.#wake());
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    client
      .connect()
      .then(() => client.query(`listen ${WAKE_UP_CHANNEL}`))
      .then(() => this.#wake()) // Commits before LISTEN took effect sent no notification.
      .catch(() => this.#lost(client));
  }

  /**
   * Resolves when a notification has arrived since `heard` was read, after `timeoutMs`, or on
   * `signal`.
   */
  waitBeyond(heard: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#heard !== heard || this.#closed || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        stopListening();
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#waiting.add(done);
      const stopListening = onAbort(signal, done);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    const client = this.#client;
    this.#client = null;
    this.#wake();
    await client?.end().catch(() => undefined);
  }

  #wake(): void {
    this.#heard += 1;
    for (const done of [...this.#waiting]) done();
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    client.end().catch(() => undefined);
    if (this.#closed) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.listen();
    }, RECONNECT_MS);
    this.#retry.unref();
  }
}
