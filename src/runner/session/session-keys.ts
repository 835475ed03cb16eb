import { type KeyRing, keyIdsIn } from '../../avro/pii/pii-envelope.ts';
import type { DataKeys } from '../../erasure/data-keys.ts';
import { sourcesWithPii } from '../../fold/batch/sources-with-pii.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { isRepriseError } from '../../reprise-error.ts';
import type { PauseHandling } from './writer-schemas.ts';

/**
 * Number of loaded keys that makes a flush due. It bounds memory where rows alone would not, as in
 * a rebuild of few rows from many subjects.
 */
const KEYS_MAX = 100_000;

/**
 * The data keys that one flush of a task uses: loaded before each batch is decoded, dropped once
 * the flush is committed. Costs nothing if the projection reads no `pii` field.
 */
export class SessionKeys implements KeyRing {
  readonly #dataKeys: DataKeys;
  readonly #pauses: PauseHandling;
  readonly #topics: ReadonlySet<string>;
  readonly #keys = new Map<string, Buffer | 'forgotten'>();

  constructor(dataKeys: DataKeys, plan: Plan, pauses: PauseHandling) {
    this.#dataKeys = dataKeys;
    this.#pauses = pauses;
    this.#topics = new Set(sourcesWithPii(plan).map(({ event }) => event.topic));
  }

  keyOf(keyId: string): Buffer | 'forgotten' | undefined {
    return this.#keys.get(keyId);
  }

  /**
   * Fetches the keys that values of a batch name, all in one request. If the key provider is
   * unavailable, waits with backoff, as for a registry.
   */
  async load(batch: RecordBatch): Promise<void> {
    if (!this.#topics.has(batch.topic)) return;
    const wanted = [...keyIdsOf(batch)].filter((id) => !this.#keys.has(id));
    if (wanted.length === 0) return;
    for (let attempt = 0; ; attempt += 1) {
      try {
        for (const [id, key] of await this.#dataKeys.byId(wanted)) this.#keys.set(id, key);
        if (attempt > 0) this.#pauses.onPause(null);
        return;
      } catch (error) {
        if (!isRepriseError(error, 'KEY_PROVIDER_FAILED')) throw error;
        this.#pauses.onPause(error);
        await this.#pauses.backoff.wait(attempt);
      }
    }
  }

  /** Whether so many keys are loaded that a flush is due. */
  get isFull(): boolean {
    return this.#keys.size >= KEYS_MAX;
  }

  /** Returns the ids of the keys loaded since the last `committed`, without destroyed ones. */
  inUse(): readonly string[] {
    return [...this.#keys].flatMap(([id, key]) => (key === 'forgotten' ? [] : [id]));
  }

  /** Drops the keys: what they decrypted is committed. */
  committed(): void {
    this.#keys.clear();
  }

  /** Drops the keys, also from the cache: one of them was destroyed in the meantime. */
  doubted(): void {
    this.#dataKeys.drop(this.#keys.keys());
    this.#keys.clear();
  }
}

/**
 * Searches all bytes between the first and the last value of the batch at once. Other bytes there
 * may cost a look-up at most.
 */
function keyIdsOf({ bytes, count, valueStart, valueEnd }: RecordBatch): ReadonlySet<string> {
  let first = 0;
  while (first < count && (valueStart[first] as number) < 0) first += 1;
  let last = count - 1;
  while (last > first && (valueStart[last] as number) < 0) last -= 1;
  if (first >= count) return new Set();
  return keyIdsIn(bytes, valueStart[first] as number, valueEnd[last] as number);
}
