import type { Backoff } from '../../concurrency/backoff.ts';
import type { TaskFold, UnresolvedSchema } from '../../fold/task/task-fold.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { SchemaRegistry } from '../../registry/schema-registry.ts';
import type { RepriseError } from '../../reprise-error.ts';
import { isRepriseError } from '../../reprise-error.ts';

/**
 * Number of requests for an id that the registry does not know, before its records fail: the id may
 * still be on its way to this replica. With the backoff of a task they take about five seconds. The
 * registry's cache answers requests within a second of the last one.
 */
const UNKNOWN_ID_ATTEMPTS = 10;
/** Size of the negative cache of schema ids. */
const IN_VAIN_MAX = 10_000;
/** Concurrent requests to the registry. */
const QUESTIONS_MAX = 8;

/** How a task waits for its registry or its key provider. */
export interface PauseHandling {
  readonly backoff: Backoff;
  /**
   * Called when the server becomes unavailable (the reason) and when it is available again (null).
   */
  readonly onPause: (reason: Error | null) => void;
}

/** Receives writer schemas. */
type SchemaReader = Pick<TaskFold, 'unresolvedSchemas' | 'resolveSchema'>;

/**
 * Fetches the texts of writer schemas for one task. If the registry is unavailable, requests are
 * repeated without limit, with backoff: an infrastructure fault is never a dead letter. Ids that
 * the registry does not know are requested a few times, all together, and then returned as the
 * error that their records carry. An id that stayed unknown is requested once when it occurs again:
 * a topic full of such ids must not stop, and an id that is registered late is found.
 */
export class WriterSchemas {
  readonly #registry: SchemaRegistry;
  readonly #pauses: PauseHandling;
  readonly #inVain = new Set<number>();
  #paused = false;

  constructor(registry: SchemaRegistry, pauses: PauseHandling) {
    this.#registry = registry;
    this.#pauses = pauses;
  }

  /** Resolves the schemas that a fold needs for a batch. @throws as `fetch` */
  async resolve(fold: SchemaReader, batch: RecordBatch): Promise<void> {
    const wanted = fold.unresolvedSchemas(batch);
    if (wanted.length === 0) return;
    for (const [id, schema] of await this.fetch(wanted)) fold.resolveSchema(id, schema);
  }

  /**
   * @returns by id, the text or the error why it is unknown @throws what the registry throws,
   * unless it is retriable or UNKNOWN_SCHEMA_ID
   */
  async fetch(
    wanted: readonly UnresolvedSchema[],
  ): Promise<ReadonlyMap<number, string | RepriseError>> {
    const found = new Map<number, string | RepriseError>();
    let open = [...new Set(wanted.map(({ schemaId }) => schemaId))];
    for (let attempt = 0; ; attempt += 1) {
      const answers = await this.#askAll(open);
      for (const [id, answer] of answers) found.set(id, answer);
      open = open.filter((id) => this.#isOpen(answers.get(id), id, attempt));
      if (open.length === 0) return found;
      await this.#pauses.backoff.wait(attempt);
    }
  }

  /** Whether to request an id again: the registry was unavailable, or it may know the id soon. */
  #isOpen(answer: string | RepriseError | undefined, id: number, attempt: number): boolean {
    if (answer === undefined) return true;
    if (typeof answer === 'string' || this.#inVain.has(id)) return false;
    if (attempt + 1 < UNKNOWN_ID_ATTEMPTS) return true;
    if (this.#inVain.size >= IN_VAIN_MAX) this.#inVain.clear();
    this.#inVain.add(id);
    return false;
  }

  /** Requests each id once, until the registry turns out to be unavailable. */
  async #askAll(ids: readonly number[]): Promise<ReadonlyMap<number, string | RepriseError>> {
    const answers = new Map<number, string | RepriseError>();
    for (let from = 0; from < ids.length; from += QUESTIONS_MAX) {
      const some = ids.slice(from, from + QUESTIONS_MAX);
      const given = await Promise.all(some.map((id) => this.#ask(id)));
      given.forEach((answer, i) => {
        if (answer !== null) answers.set(some[i] as number, answer);
      });
      if (given.includes(null)) return answers;
      if (this.#paused) this.#pauses.onPause(null);
      this.#paused = false;
    }
    return answers;
  }

  /** @returns null: the registry is unavailable */
  async #ask(schemaId: number): Promise<string | RepriseError | null> {
    try {
      return await this.#registry.schemaById(schemaId);
    } catch (error) {
      if (isRepriseError(error, 'UNKNOWN_SCHEMA_ID')) return error;
      if (!isRepriseError(error) || !error.retriable) throw error;
      this.#paused = true;
      this.#pauses.onPause(error);
      return null;
    }
  }
}
