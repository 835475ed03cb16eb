import { pause } from '../../concurrency/pause.ts';
import { within } from '../../concurrency/within.ts';
import type { Plan } from '../../projection/plan/plan.ts';
import { describeError } from '../session/open-session.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { askLog, askRegistry } from './ask-parts.ts';
import type { DependencyStatus } from './task-status.ts';

/** How often a part is asked whether it is there. */
const ASK_EVERY_MS = 2_000;
/** How long it may take to answer: with the time between two questions less than 10 s. */
const PATIENCE_MS = 7_500;

type Part = DependencyStatus['name'];

/** What a question to a part came to; `unasked`: it says nothing of the part. */
type Answer = 'there' | 'unasked' | Error;

/**
 * Notices within 10 s that Postgres, Kafka or a foreign registry is away, and that it is back, and
 * says so: one line in the log each, and the tasks are told of a log that is away. Changes nothing
 * else: whatever needs the part waits for it by itself. States of a part: *there* → *away* →
 * *there*. States of the watch: *new* → `start` → *watching* → `stop` → *ended*.
 */
export class PartsWatch {
  readonly #settings: RunnerSettings;
  readonly #plans: readonly Plan[];
  readonly #tellLog: (reason: Error | null) => void;
  readonly #stop = new AbortController();

  /**
   * @param tellLog called after every question to a log that is not Postgres: why it is away, or
   * null
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

  /** Asks no more. Does not wait for an answer that is under way. */
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
          `${part} is away: what needs it waits, the rest goes on`,
        );
      }
      if (reason === null && isAway) logger.info({ part }, `${part} is back`);
      isAway = reason !== null;
      tell(reason);
    }
  }

  /** A pool whose connections are all at work says nothing of Postgres. */
  async #askPostgres(): Promise<Answer> {
    const { pool } = this.#settings;
    if (pool.idleCount === 0 && pool.totalCount >= pool.options.max) return 'unasked';
    // Known to the driver, though not to its types: ends a question on a connection whose other
    // side is gone.
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
