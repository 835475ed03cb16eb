import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { type DataKey, newKeyId } from '../../avro/pii/pii-envelope.ts';
import { RepriseError } from '../../reprise-error.ts';
import { BoundedCache } from '../bounded-cache.ts';
import type { DataKeys } from '../data-keys.ts';
import type { KeyProvider } from '../key-provider.ts';

/** Options of the cache of data keys. */
export interface PostgresDataKeysOptions {
  readonly pool: Pool;
  readonly provider: KeyProvider;
  /**
   * How long a cached key is used before Postgres is asked whether it still exists. Default 30,000.
   */
  readonly ttlMs?: number;
  /** Maximum number of cached keys. Default 10,000. */
  readonly entriesMax?: number;
  /** Milliseconds, monotonic. Default `performance.now`. */
  readonly now?: () => number;
}

const KEY_BYTES = 32;
/** Maximum number of concurrent requests to the provider. */
const UNWRAPS_MAX = 16;

interface Row {
  readonly key_id: string;
  readonly wrapped: Buffer | null;
  readonly wrapping_key: string;
}

/** Stores data keys in `reprise.data_keys`, wrapped by the provider. */
export class PostgresDataKeys implements DataKeys {
  readonly #pool: Pool;
  readonly #provider: KeyProvider;
  readonly #keys: BoundedCache<Buffer | 'forgotten'>;
  readonly #subjects: BoundedCache<Promise<DataKey>>;

  constructor(options: PostgresDataKeysOptions) {
    this.#pool = options.pool;
    this.#provider = options.provider;
    const { entriesMax = 10_000, ttlMs = 30_000, now = () => performance.now() } = options;
    this.#keys = new BoundedCache({ entriesMax, ttlMs, now });
    this.#subjects = new BoundedCache({ entriesMax, ttlMs, now });
  }

  current(subject: string): Promise<DataKey> {
    const known = this.#subjects.get(subject);
    if (known !== undefined) return known;
    const wanted = this.#find(subject);
    this.#subjects.set(subject, wanted);
    wanted.catch(() => this.#subjects.delete(subject));
    return wanted;
  }

  async byId(ids: readonly string[]): Promise<ReadonlyMap<string, Buffer | 'forgotten'>> {
    const found = new Map<string, Buffer | 'forgotten'>();
    const missing: string[] = [];
    for (const id of ids) {
      const key = this.#keys.get(id);
      if (key === undefined) missing.push(id);
      else found.set(id, key);
    }
    if (missing.length === 0) return found;
    const { rows } = await this.#pool.query<Row>(
      'select key_id, wrapped, wrapping_key from reprise.data_keys where key_id = any($1)',
      [missing],
    );
    for (let from = 0; from < rows.length; from += UNWRAPS_MAX) {
      const some = rows.slice(from, from + UNWRAPS_MAX);
      const keys = await Promise.all(some.map((row) => this.#open(row)));
      keys.forEach((key, i) => {
        const id = (some[i] as Row).key_id;
        this.#keys.set(id, key);
        found.set(id, key);
      });
    }
    return found;
  }

  drop(ids: Iterable<string>, subject?: string): void {
    for (const id of ids) this.#keys.delete(id);
    if (subject !== undefined) this.#subjects.delete(subject);
  }

  /**
   * Finds or creates the subject's key. If another process creates one at the same time, the stored
   * one counts.
   */
  async #find(subject: string): Promise<DataKey> {
    for (;;) {
      const { rows } = await this.#pool.query<Row>(
        'select key_id, wrapped, wrapping_key from reprise.data_keys where subject = $1 and forgotten_at is null',
        [subject],
      );
      const [row] = rows;
      if (row !== undefined) {
        const key = await this.#open(row);
        // Destroyed in between: the next attempt finds no key and creates one.
        if (key !== 'forgotten') return { id: row.key_id, key };
      }
      await this.#make(subject);
    }
  }

  async #make(subject: string): Promise<void> {
    const { wrapped, wrappingKey } = await this.#ask((provider) =>
      provider.wrap(randomBytes(KEY_BYTES)),
    );
    await this.#pool.query(
      `insert into reprise.data_keys (key_id, subject, wrapped, wrapping_key) values ($1, $2, $3, $4)
       on conflict (subject) where forgotten_at is null do nothing`,
      [newKeyId(), subject, wrapped, wrappingKey],
    );
  }

  async #open({ wrapped, wrapping_key }: Row): Promise<Buffer | 'forgotten'> {
    if (wrapped === null) return 'forgotten';
    return this.#ask((provider) => provider.unwrap(wrapped, wrapping_key));
  }

  async #ask<Answer>(question: (provider: KeyProvider) => Promise<Answer>): Promise<Answer> {
    try {
      return await question(this.#provider);
    } catch (cause) {
      throw new RepriseError(
        'KEY_PROVIDER_FAILED',
        `The key provider did not wrap or unwrap a data key: ${(cause as Error).message}. It is asked again; nothing is skipped. Look at the provider, and at the wrapping keys configured.`,
        { cause, retriable: true },
      );
    }
  }
}
