import { Pool } from 'pg';
import pino from 'pino';
import { createReprise } from '../../src/composition/create-reprise.ts';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';
import type { Reprise } from '../../src/reprise.ts';
import type { RunnerSettings } from '../../src/runner/settings/runner-settings.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

/** What the schedules of a world share. */
export interface WorldSettings {
  readonly brokers: readonly string[] | undefined;
  readonly events: NonNullable<RepriseConfig['events']>;
  /** Who owns its tasks. */
  readonly owner: string;
}

/** A database and a log for many schedules, each with topics and projections of its own. */
export class ScheduleWorld {
  readonly #database: TestDatabase;
  readonly #owner: string;
  readonly app: Reprise;
  readonly pool: Pool;
  #schedules = 0;

  protected constructor(database: TestDatabase, app: Reprise, owner: string) {
    this.#database = database;
    this.#owner = owner;
    this.app = app;
    this.pool = new Pool({ connectionString: database.url, max: 6 });
  }

  protected static async create({ brokers, events, owner }: WorldSettings) {
    const database = await createTestDatabase();
    const app = await createReprise({
      projections: [],
      events,
      database: { type: 'url', url: database.url },
      ...(brokers && { log: { type: 'kafka', brokers: [...brokers] } }),
      registry: { type: 'postgres' },
      topicPartitions: 1,
      logLevel: 'silent',
    });
    await app.setUp();
    return [database, app, owner] as const;
  }

  async close(): Promise<void> {
    await this.pool.end();
    await this.app.close();
    await this.#database.drop();
  }

  /** A name that no other schedule has. */
  protected nextName(letter: string): string {
    this.#schedules += 1;
    return `${letter}${this.#schedules}_${process.pid}_${Date.now() % 1e9}`;
  }

  get settings(): RunnerSettings {
    const { log, registry } = this.app;
    const logger = pino({ level: 'silent' });
    return { pool: this.pool, log, registry, logger, owner: this.#owner, onError: 'skip' };
  }
}
