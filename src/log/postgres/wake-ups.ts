import pg from 'pg';
import { onAbort } from '../../concurrency/on-abort.ts';
import { WAKE_UP_CHANNEL } from './appender.ts';

const RECONNECT_MS = 1_000;

/**
 * Hears of commits through LISTEN, on a connection of its own (a pool's connection changes hands).
 * States: idle → connecting → listening → (connection lost) waiting → connecting … → closed. While
 * it hears nothing readers poll: it makes them quicker, never wrong.
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
   * How often something was heard: take it before looking, give it to {@link waitBeyond} after
   * finding nothing.
   */
  get heard(): number {
    return this.#heard;
  }

  /** Begins to listen; repeated calls do nothing. */
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
      .then(() => this.#wake()) // What was committed before LISTEN took effect was not heard.
      .catch(() => this.#lost(client));
  }

  /**
   * Resolves when something has been heard since `heard` was taken, after `timeoutMs`, or on
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
