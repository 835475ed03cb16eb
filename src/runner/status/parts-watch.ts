import { pause } from '../../concurrency/pause.ts';
import { within } from '../../concurrency/within.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { describeError } from '../session/open-session.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { askLog, askRegistry } from './ask-parts.ts';
import type { DependencyStatus } from './task-status.ts';

/** Interval between two checks of a dependency. Milliseconds. */
const ASK_EVERY_MS = 2_000;
/**
 * How long a dependency may take to answer. Together with the interval this is less than 10 s.
 * Milliseconds.
 */
const PATIENCE_MS = 7_500;

type Part = DependencyStatus['name'];

/** Result of a check. `unasked`: it says nothing about the dependency. */
type Answer = 'there' | 'unasked' | Error;

/**
 * Detects within 10 s that Postgres, Kafka or a foreign registry is unavailable, and that it is
 * available again. Each change is logged in one line, and the tasks are notified about the log.
 * Nothing else changes: whatever needs the dependency waits for it independently. States of a
 * dependency: *there* → *away* →
 * *there*. States of the watch: *new* → `start` → *watching* → `stop` → *ended*.
 */
export class PartsWatch {
  readonly #settings: RunnerSettings;
  readonly #plans: readonly Plan[];
  readonly #tellLog: (reason: Error | null) => void;
  readonly #stop = new AbortController();

  /**
   * @param tellLog called after every check of a log that is not Postgres: why it is unavailable,
   * or null
   */
  constructor(
    settings: RunnerSettings,
    plans: readonly Plan[],
    tellLog: (reason: Error | null) => void,
  ) {
    this.#settings = settings;
    this.#plans = plans;
    this.#tellLog = tellLog;
  }

  start(): void {
    const { log, registry } = this.#settings;
    void this.#follow(
      'postgres',
      () => this.#askPostgres(),
      () => undefined,
    );
    if (log.kind === 'kafka') {
      const ask = () => askLog(this.#settings, this.#plans);
      void this.#follow('kafka', () => answerOf('kafka', ask()), this.#tellLog);
    }
    if (registry.kind !== 'postgres') {
      const ask = () => askRegistry(this.#settings);
      void this.#follow(
        'registry',
        () => answerOf('registry', ask()),
        () => undefined,
      );
    }
  }

  /** Ends the checks. Does not wait for a check in progress. */
  stop(): void {
    this.#stop.abort();
  }

  async #follow(
    part: Part,
    ask: () => Promise<Answer>,
    tell: (reason: Error | null) => void,
  ): Promise<void> {
    const { signal } = this.#stop;
    const { logger } = this.#settings;
    let isAway = false;
    while (!signal.aborted) {
      await pause(ASK_EVERY_MS, signal, { ref: false });
      if (signal.aborted) return;
      const answer = await ask();
      if (signal.aborted) return;
      if (answer === 'unasked') continue;
      const reason = answer === 'there' ? null : answer;
      if (reason !== null && !isAway) {
        logger.warn(
          { part, reason: describeError(reason) },
          `${part} is unavailable: work that needs it waits, the rest continues`,
        );
      }
      if (reason === null && isAway) logger.info({ part }, `${part} is available again`);
      isAway = reason !== null;
      tell(reason);
    }
  }

  /** Checks Postgres. A pool whose connections are all in use says nothing about Postgres. */
  async #askPostgres(): Promise<Answer> {
    const { pool } = this.#settings;
    if (pool.idleCount === 0 && pool.totalCount >= pool.options.max) return 'unasked';
    // The driver knows this option, though its types do not. It ends a query on a connection whose
    // other side is gone.
    const query = { text: 'select 1', query_timeout: PATIENCE_MS };
    return answerOf('postgres', pool.query(query));
  }
}

async function answerOf(part: Part, question: Promise<unknown>): Promise<Answer> {
  return within(PATIENCE_MS, part, question).then(
    () => 'there' as const,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
}
